/**
 * Our own errors. Two questions sort them: did the work start, and whose fault is it?
 *
 * Each has a stable `code` and carries its fault. `name`, brand and fault are getters, so that
 * `console.log` and JSON show data only. A name is written out, for what minifies code changes that of
 * the class; and in a getter, for a bundler keeps every class that runs code when it is declared.
 */

import type { Denial } from "./denial.ts";
import { OWN_FAULT, type Fault, type FaultClass } from "./fault.ts";
import type { PermissionName } from "./permissions.ts";

const BRAND: unique symbol = Symbol.for("holdfast.error") as never;

/** Any error that holdfast itself makes. Match on `code`, whose meaning never changes. */
export abstract class HoldfastError extends Error {
  /** What went wrong, for programs; docs/errors.md lists them all. */
  abstract readonly code: string;

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  /** @internal */
  get [OWN_FAULT](): Fault {
    return { class: "fatal", code: this.code, effect: "none", ...this.ownFault };
  }

  /** Where the fault of this kind of error is another one than the usual. @internal */
  protected get ownFault(): Partial<Fault> {
    return {};
  }
}

/** Whether holdfast made `error`; also holds across two copies of the package. */
export function isHoldfastError(error: unknown): error is HoldfastError {
  try {
    return typeof error === "object" && error !== null && BRAND in error;
  } catch {
    // A proxy can refuse to say.
    return false;
  }
}

/** An option is unknown, of the wrong type or out of range. Thrown when the policy is made. */
export class OptionsError extends HoldfastError {
  override get name(): string {
    return "OptionsError";
  }
  readonly code = "OPTIONS_INVALID";

  /** @param path Where it stands, as `retry.attempts`. */
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
  }
}

/** The work did not start: nothing happened, and it is safe to try again later. */
export abstract class RejectedError extends HoldfastError {
  /**
   * How long until it is worth trying again, in milliseconds; 0 when nobody knows, `Infinity` when
   * waiting alone never helps.
   */
  abstract readonly retryAfterMs: number;

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { class: "transient", retryAfterMs: this.retryAfterMs };
  }
}

/**
 * The circuit is open: recent calls failed, and the pause after them is not over, or a probe runs; or
 * it is held open by hand.
 */
export class CircuitOpenError extends RejectedError {
  override get name(): string {
    return "CircuitOpenError";
  }
  readonly code = "CIRCUIT_OPEN";
  /**
   * What is left of the pause; 0 while a probe runs, which may end at any moment; `Infinity` while it
   * is held open, for then waiting alone never helps.
   */
  readonly retryAfterMs: number;

  /** @param lastFailure The failure that opened the circuit; becomes `cause`. */
  constructor(circuit: string, retryAfterMs: number, lastFailure: unknown) {
    super(`Circuit "${circuit}" ${circuitState(retryAfterMs)}`, { cause: lastFailure });
    this.retryAfterMs = retryAfterMs;
  }
}

function circuitState(retryAfterMs: number): string {
  if (retryAfterMs === Infinity) return "is held open";
  if (retryAfterMs > 0) return `is open for another ${Math.ceil(retryAfterMs)} ms`;
  return "waits for its probe";
}

/** All slots of a bulkhead are taken, and there is no room or no more time to wait for one. */
export class BulkheadFullError extends RejectedError {
  override get name(): string {
    return "BulkheadFullError";
  }
  readonly code = "BULKHEAD_FULL";
  /** Nobody knows when a slot becomes free. */
  readonly retryAfterMs = 0;

  constructor(bulkhead: string, problem: string) {
    super(`Bulkhead "${bulkhead}" ${problem}`);
  }
}

/** Too many recent calls were turned away by an overloaded dependency: this one was not made. */
export class ThrottledError extends RejectedError {
  override get name(): string {
    return "ThrottledError";
  }
  readonly code = "THROTTLED";
  /** It was chance: another call may go through at once. */
  readonly retryAfterMs = 0;
  /** How likely a call was to be turned away, from 0 to 1. */
  readonly chance: number;

  constructor(throttle: string, chance: number) {
    super(`Throttle "${throttle}" holds back ${Math.round(chance * 100)} % of the calls`);
    this.chance = chance;
  }
}

/** Calls are held back: by a rate limit of our own, or by a gate that a server's refusal has closed. */
export class RateLimitedError extends RejectedError {
  override get name(): string {
    return "RateLimitedError";
  }
  readonly code = "RATE_LIMITED";
  /**
   * How long until the call could begin; 0 when nobody knows, `Infinity` for one that counts as more
   * calls than may begin together since the limit was changed.
   */
  readonly retryAfterMs: number;

  /** @param what What holds them back, as it stands in the message. */
  constructor(what: string, retryAfterMs: number, options?: ErrorOptions) {
    super(`${what} lets ${callsOf(retryAfterMs)}`, options);
    this.retryAfterMs = retryAfterMs;
  }
}

function callsOf(retryAfterMs: number): string {
  if (retryAfterMs === Infinity) return "no call begin that counts as so many";
  const until = retryAfterMs > 0 ? `for another ${Math.ceil(retryAfterMs)} ms` : "just now";
  return `no further call begin ${until}`;
}

/** Less time is left than the work is expected to take, so it was not started. */
export class NoTimeLeftError extends RejectedError {
  override get name(): string {
    return "NoTimeLeftError";
  }
  readonly code = "NO_TIME_LEFT";

  /** Waiting makes it worse. JSON has no such number, so it is no data of the error's own. */
  get retryAfterMs(): number {
    return Infinity;
  }

  /** @param what What was not started, as it stands in the message. */
  constructor(what: string, expectedMs: number, leftMs: number) {
    super(`${what} is expected to take ${expectedMs} ms, and ${Math.floor(leftMs)} ms are left`);
  }
}

/** Another one holds a lock, and did not free it in time. Nothing was done under it. */
export class LockHeldError extends RejectedError {
  override get name(): string {
    return "LockHeldError";
  }
  readonly code = "LOCK_HELD";
  /** Nobody knows when it becomes free. */
  readonly retryAfterMs = 0;
  /** The run that holds it. */
  readonly runId: string;

  /** @param holder Who holds it, as it stands in the message. */
  constructor(lock: string, holder: string, runId: string) {
    super(`Lock "${lock}" is ${holder}`);
    this.runId = runId;
  }
}

/** The work started and did not end in time. It may have had its effect, and may still be running. */
export class TimeoutError extends HoldfastError {
  override get name(): string {
    return "TimeoutError";
  }
  readonly code = "TIMED_OUT";
  readonly limitMs: number;

  /** @param what What took too long, as it stands in the message. */
  constructor(what: string, limitMs: number, options?: ErrorOptions) {
    super(`${what} did not end within ${limitMs} ms`, options);
    this.limitMs = limitMs;
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { class: "timeout", effect: "unknown" };
  }
}

/** A failure that `chaos` injected in place of the work. Its fault is the one that was asked for. */
export class ChaosError extends HoldfastError {
  override get name(): string {
    return "ChaosError";
  }
  readonly code = "CHAOS_INJECTED";
  readonly #fault: Fault;

  /** @param policy The policy that injected it. */
  constructor(policy: string, fault: Fault) {
    super(`Policy "${policy}" injected ${fault.code} (${fault.class})`);
    this.#fault = fault;
  }

  /** @internal */
  protected override get ownFault(): Fault {
    return this.#fault;
  }
}

/** The work ended, and its result is not good. */
export class VerificationError extends HoldfastError {
  override get name(): string {
    return "VerificationError";
  }
  readonly code = "VERIFY_FAILED";

  constructor(what: string, problem: string, options?: ErrorOptions) {
    super(`${what} did not pass its verification: ${problem}`, options);
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { class: "unknown", effect: "partial" };
  }
}

/** A step's value, a task's value or an input cannot be written to the journal. */
export class ValueError extends HoldfastError {
  override get name(): string {
    return "ValueError";
  }
  readonly code = "VALUE_NOT_STORABLE";

  constructor(what: string, problem: string) {
    super(`${what} cannot be journaled: ${problem}`);
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** What is at the place of a file is no plain file, so nothing is put there. */
export class FileRefusedError extends HoldfastError {
  override get name(): string {
    return "FileRefusedError";
  }
  readonly code = "FILE_REFUSED";
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path} ${problem}, and is left as it is`);
    this.path = path;
  }
}

/** The automation uses its run in a way that has no meaning, such as two steps of one name. */
export class AutomationError extends HoldfastError {
  override get name(): string {
    return "AutomationError";
  }
  readonly code = "AUTOMATION_INVALID";
}

/** A task that this one comes after failed, so this one was not run. */
export class DependencyError extends HoldfastError {
  override get name(): string {
    return "DependencyError";
  }
  readonly code = "DEPENDENCY_FAILED";
  /** The tasks that failed. */
  readonly failed: readonly string[];

  constructor(task: string, failed: readonly string[]) {
    const names = failed.map((name) => `"${name}"`).join(", ");
    super(`Task "${task}" was not run, for it comes after ${names}, which failed`);
    this.failed = failed;
  }
}

/** A human, or the time limit, said no. */
export class ApprovalRejectedError extends HoldfastError {
  override get name(): string {
    return "ApprovalRejectedError";
  }
  readonly code = "APPROVAL_REJECTED";

  /** @param reason Who rejected it and why, as it ends the message. */
  constructor(approval: string, reason: string) {
    super(`Approval "${approval}" was rejected ${reason}`);
  }
}

/** The input does not fit the automation. Nothing was started. */
export class InputError extends HoldfastError {
  override get name(): string {
    return "InputError";
  }
  readonly code = "INPUT_INVALID";
}

/** What the automation requires is not there. Nothing was started. */
export class RequirementError extends HoldfastError {
  override get name(): string {
    return "RequirementError";
  }
  readonly code = "REQUIREMENT_UNMET";
  readonly #class: FaultClass;

  constructor(problems: string, faultClass: FaultClass, options?: ErrorOptions) {
    super(`Not everything that the automation requires is there: ${problems}`, options);
    this.#class = faultClass;
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { class: this.#class };
  }
}

/** Something done could not be taken back: a human is needed. */
export class UndoFailedError extends HoldfastError {
  override get name(): string {
    return "UndoFailedError";
  }
  readonly code = "UNDO_FAILED";
  /** The steps whose effect is still there, as `task/step`. */
  readonly steps: readonly string[];

  /** @param reason Why it was undone; becomes `cause`. */
  constructor(steps: readonly string[], reason: unknown) {
    super(`Rollback is incomplete: ${steps.join(", ")} could not be undone`, { cause: reason });
    this.steps = steps;
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "partial" };
  }
}

/** Something about one run; `runId` says which. */
export abstract class RunError extends HoldfastError {
  readonly runId: string;

  constructor(runId: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.runId = runId;
  }
}

/** Another process runs this automation now. Nothing was started. */
export class LeaseHeldError extends RunError {
  override get name(): string {
    return "LeaseHeldError";
  }
  readonly code = "LEASE_HELD";
  /** Who holds it, in words. */
  readonly holder: string;

  constructor(runId: string, automation: string, holder: string) {
    super(runId, `Automation "${automation}" is being run (${runId}) by ${holder}`);
    this.holder = holder;
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { class: "transient" };
  }
}

/** A run of that name has been run to its end already. */
export class RunExistsError extends RunError {
  override get name(): string {
    return "RunExistsError";
  }
  readonly code = "RUN_EXISTS";

  /** @param status How it ended. */
  constructor(runId: string, status: string) {
    super(runId, `Run ${runId} has been run already: ${status}`);
  }
}

/** Another owner took the run over; this one may write nothing more. */
export class LeaseLostError extends RunError {
  override get name(): string {
    return "LeaseLostError";
  }
  readonly code = "LEASE_LOST";

  constructor(runId: string) {
    super(runId, `Run ${runId} was taken over by another process; this one stops writing`);
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** The code no longer fits what the journal holds of the run. */
export class ReplayMismatchError extends RunError {
  override get name(): string {
    return "ReplayMismatchError";
  }
  readonly code = "REPLAY_MISMATCH";
}

/** An earlier run was cut off, and it takes a human to say what becomes of it. */
export class UnfinishedRunError extends RunError {
  override get name(): string {
    return "UnfinishedRunError";
  }
  readonly code = "RUN_UNFINISHED";
}

/** A child automation failed, and only its exit code is known any more. */
export class ChildFailedError extends RunError {
  override get name(): string {
    return "ChildFailedError";
  }
  readonly code = "CHILD_FAILED";

  constructor(runId: string, automation: string, exitCode: number) {
    super(runId, `Run ${runId} of "${automation}" failed with exit code ${exitCode}`);
  }
}

/** How the run stands does not allow what was asked of it. Nothing was done. */
export class RunRefusedError extends RunError {
  override get name(): string {
    return "RunRefusedError";
  }
  readonly code = "RUN_REFUSED";
}

/** Somebody asked for the end of the run: what runs is aborted with this, and then undone. */
export class RunCancelledError extends RunError {
  override get name(): string {
    return "RunCancelledError";
  }
  readonly code = "RUN_CANCELLED";

  /** @param by Who asked, in words. */
  constructor(runId: string, by: string, reason?: string) {
    super(runId, `Run ${runId} was cancelled by ${by}${reason === undefined ? "" : `: ${reason}`}`);
  }

  /** The work that rejects with it was under way. @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** A step was begun, nobody saw its end, and nothing tells whether it took effect. */
export class InDoubtError extends RunError {
  override get name(): string {
    return "InDoubtError";
  }
  readonly code = "IN_DOUBT";
  /** The step in doubt, as `task/step`. */
  readonly step: string;

  constructor(runId: string, step: string) {
    super(
      runId,
      `Step "${step}" was begun and nobody saw its end; it can be neither repeated, undone nor looked up`,
    );
    this.step = step;
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** The journal cannot be read or written. It is no failure of the step: nothing is undone for it. */
export class JournalError extends HoldfastError {
  override get name(): string {
    return "JournalError";
  }
  readonly code = "JOURNAL_FAILED";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** What was tried is not among the permissions that were declared. It was not done. */
export class PermissionDeniedError extends HoldfastError {
  override get name(): string {
    return "PermissionDeniedError";
  }
  readonly code = "PERMISSION_DENIED";
  readonly permission: PermissionName;
  /** The path, program, address or variable. */
  readonly value: string;

  /** @param what What was tried, as it begins the message. */
  constructor(what: string, permission: PermissionName, value: string, options?: ErrorOptions) {
    super(`${what} is not permitted; ${adviceFor({ permission, value })}`, options);
    this.permission = permission;
    this.value = value;
  }
}

/** What to add: `add permissions.write: "/srv/x"`. */
export function adviceFor({ permission, value }: Denial): string {
  return value === undefined
    ? `permissions.${permission} lacks it`
    : `add permissions.${permission}: ${JSON.stringify(value)}`;
}

/** The machine cannot keep what runs to all of its limits, and that was required. Nothing was started. */
export class SandboxError extends HoldfastError {
  override get name(): string {
    return "SandboxError";
  }
  readonly code = "SANDBOX_UNAVAILABLE";

  /** @param problem What is missing. @param unheld What would not be kept; default: all of it. */
  constructor(problem: string, unheld?: readonly string[]) {
    super(
      unheld === undefined
        ? `A sandbox is required, and there is none: ${problem}`
        : `A sandbox is required, and none keeps ${unheld.join(", ")}: ${problem}`,
    );
  }
}
