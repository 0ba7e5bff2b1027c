/** The codes of holdfast's own errors, for people. docs/errors.md has them with more around. */

import type { Effect, FaultClass } from "../core/fault.ts";

/** One code: what the fault is, what it says, what to do. */
export interface OwnCode {
  readonly class: FaultClass;
  readonly effect: Effect;
  readonly cause: string;
  readonly advice: string;
}

/** See the header. */
export const OWN_CODES: Readonly<Record<string, OwnCode>> = {
  OPTIONS_INVALID: own(
    "fatal",
    "none",
    "an option is unknown, of the wrong type or out of range; thrown when the policy is made. A call rejects with it when a function of yours gave something out of range, or when the work of a shared call asks for its own key",
    "mend the option that the message names",
  ),
  CIRCUIT_OPEN: own(
    "transient",
    "none",
    "the breaker is open, and the work was not started; cause is the failure that opened it",
    "wait retryAfterMs (0 while a probe runs: it may be over at any moment; Infinity while it is held open by hand: waiting alone never helps); a retry around the breaker does so by itself",
  ),
  BULKHEAD_FULL: own(
    "transient",
    "none",
    "all slots of a bulkhead or an adaptive limit are held, and there is no room, or no more time, to wait for one; the work was not started",
    "come back later; a retry around it does so by its backoff. If it stays: does work run on that was given up (abandoned)?",
  ),
  THROTTLED: own(
    "transient",
    "none",
    "too many recent calls were turned away by the dependency, so the throttle made this one not at all; chance is how likely that was",
    "come back later; a retry around it does so by its backoff",
  ),
  RATE_LIMITED: own(
    "transient",
    "none",
    "a rate limit or a gate let no further call begin in time, and the work was not started; of a gate, cause is the refusal that closed it",
    "wait retryAfterMs (0 when nobody knows; Infinity for a call that counts as more than a changed limit ever lets begin); a retry around it does so by itself",
  ),
  NO_TIME_LEFT: own(
    "transient",
    "none",
    "less time is left than the work is expected to take, so it was not started",
    "give it more time, or let it go; waiting makes it worse",
  ),
  TIMED_OUT: own(
    "timeout",
    "unknown",
    "the work did not end within limitMs. It may have had its effect, and may still be running",
    "let the work end when its signal aborts; before it is done again, find out whether it happened",
  ),
  CHAOS_INJECTED: own(
    "unknown",
    "unknown",
    "chaos failed the call in place of the work; its fault is the one that was asked for",
    "nothing: see whether what is around it holds",
  ),
  VERIFY_FAILED: own(
    "unknown",
    "partial",
    "the work ended, and its result is not good; cause is what verify threw",
    "look at what the work made. The run exits with 65",
  ),
  VALUE_NOT_STORABLE: own(
    "fatal",
    "unknown",
    "a step's value, a task's value or the input cannot be journaled, or holds what looks like a secret",
    "answer plain data; in place of a secret the name of where it is, in place of large data its path",
  ),
  AUTOMATION_INVALID: own(
    "fatal",
    "none",
    "the automation uses its run in a way that has no meaning: two steps of one name, a step in a step, run.step within a task",
    "mend the automation as the message says",
  ),
  DEPENDENCY_FAILED: own(
    "fatal",
    "none",
    "a task that this one comes after failed, so this one was not run; failed names them",
    "see to the one that failed",
  ),
  APPROVAL_REJECTED: own(
    "fatal",
    "none",
    "a human rejected an approval, or nobody answered in time where that is a rejection",
    "nothing: somebody said no",
  ),
  CHILD_FAILED: own(
    "fatal",
    "none",
    "a child failed right before the process was killed, and only its exit code is known",
    "holdfast show its runId",
  ),
  UNDO_FAILED: own(
    "fatal",
    "partial",
    "rollback is incomplete; steps names what is still there, cause is why it was undone. It is in the event rollback.failed; thrown only where a function ends well although a scope in it could not be taken back",
    "a human takes back what is left. The run exits with 81",
  ),
  LOCK_HELD: own(
    "transient",
    "none",
    "another run holds the lock, or another step of this one, and did not free it within wait; runId says which",
    "let that run go on or end it: holdfast show <run> tells how it stands",
  ),
  FILE_REFUSED: own(
    "fatal",
    "none",
    "at the place of a file is a directory, a link or something else that is no plain file; it is left as it is",
    "say where the file itself is",
  ),
  INPUT_INVALID: own(
    "fatal",
    "none",
    "the input does not fit, --rollback found nothing to roll back, or a decision is about a step that is not in doubt; nothing was started",
    "mend the input",
  ),
  REQUIREMENT_UNMET: own(
    "unknown",
    "unknown",
    "result: what the automation requires is not there; no step was begun",
    "bring what the message names; with 75 time alone may cure it",
  ),
  RUN_UNFINISHED: own(
    "fatal",
    "none",
    "an earlier run was cut off, and differs in a way that a human must judge; nothing was changed",
    "choose: --resume, --rollback or --fresh",
  ),
  RUN_REFUSED: own(
    "fatal",
    "none",
    "how the run stands does not allow what was asked of it by its name: it has ended, was done again, something of it is still in effect, or another run comes first; nothing was done",
    "as the message says",
  ),
  RUN_CANCELLED: own(
    "fatal",
    "unknown",
    "result: somebody cancelled the run; what runs is aborted with it",
    "nothing, unless the exit code is 81",
  ),
  IN_DOUBT: own(
    "fatal",
    "unknown",
    "result: step was begun, nobody saw its end, and nothing tells whether it took effect",
    "look whether it happened, then decide",
  ),
  LEASE_HELD: own(
    "transient",
    "none",
    "another process runs this automation: holder",
    "wait until it has ended",
  ),
  RUN_EXISTS: own(
    "fatal",
    "none",
    "a run of the name that execute was given has been run to its end",
    "nothing: it was done. Another run takes another name",
  ),
  LEASE_LOST: own(
    "fatal",
    "unknown",
    "another process took the run over, because this one was not heard of for as long as its lease",
    "nothing: the other one goes on. Look for what stopped this process: a suspended machine, a blocked event loop",
  ),
  REPLAY_MISMATCH: own(
    "fatal",
    "none",
    "the code no longer fits what the journal holds of the run: a recorded step is gone, or is a read now",
    "bring the former code back and run it again, or --rollback what can be, or start --fresh",
  ),
  JOURNAL_FAILED: own(
    "fatal",
    "unknown",
    "the journal cannot be read or written. Nothing was undone",
    "as the message says; see the journal. The next start goes on",
  ),
  REHEARSAL_FAILED: own(
    "fatal",
    "none",
    "a rehearsal has nothing to compare with: setup, a probe or the undisturbed run failed, or there is too much to look at",
    "as the message says; rehearsal",
  ),
  OUTPUT_CUT: own(
    "fatal",
    "unknown",
    "a command's output is asked for, and it wrote more than was kept; the command itself succeeded",
    "raise keep, or take the output as it comes: stdout with a Writable, or onLine",
  ),
  PERMISSION_DENIED: own(
    "fatal",
    "none",
    "what was tried is not among the permissions that the automation declares; permission and value say which one lacks",
    "declare it, or do not do it",
  ),
  SANDBOX_UNAVAILABLE: own(
    "fatal",
    "none",
    "--require-sandbox was given, and bubblewrap cannot be had, or the automation declares no permissions; nothing was started",
    "what the message says is missing",
  ),
  DRY_RUN: own(
    "fatal",
    "none",
    "a dry run was asked to do something that has an effect",
    "put it into a step",
  ),
  NOT_REACHED: own(
    "fatal",
    "none",
    "a dry run came to what needs the value of a step that it did not do; needs names it",
    "give that step a plan",
  ),
  AUTOMATION_FILE_INVALID: own(
    "fatal",
    "none",
    "the file is missing, does not parse, uses syntax that Node cannot strip, fails while it is loaded, or exports no automation",
    "as the second line of the message says",
  ),
};

function own(faultClass: FaultClass, effect: Effect, cause: string, advice: string): OwnCode {
  return { class: faultClass, effect, cause, advice };
}
