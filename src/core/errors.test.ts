import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import * as dryRunErrors from "./dry-run-errors.ts";
import * as errors from "./errors.ts";
import { knownFault, OWN_FAULT, type Fault } from "./fault.ts";

const {
  AutomationError,
  CircuitOpenError,
  HoldfastError,
  InDoubtError,
  InputError,
  isHoldfastError,
  JournalError,
  LeaseHeldError,
  LeaseLostError,
  OptionsError,
  RateLimitedError,
  RejectedError,
  ReplayMismatchError,
  RunExistsError,
  RequirementError,
  RunError,
  TimeoutError,
  UndoFailedError,
  UnfinishedRunError,
  ValueError,
  VerificationError,
} = errors;

const cause = new Error("why");

const MADE: [name: string, error: errors.HoldfastError, message: string, fault: Fault][] = [
  [
    "OptionsError",
    new OptionsError("retry.attempts", "expected a number"),
    "retry.attempts: expected a number",
    { class: "fatal", code: "OPTIONS_INVALID", effect: "none" },
  ],
  [
    "CircuitOpenError",
    new CircuitOpenError("bank", 1_499.2, cause),
    'Circuit "bank" is open for another 1500 ms',
    { class: "transient", code: "CIRCUIT_OPEN", effect: "none", retryAfterMs: 1_499.2 },
  ],
  [
    "BulkheadFullError",
    new errors.BulkheadFullError("db", "is full"),
    'Bulkhead "db" is full',
    { class: "transient", code: "BULKHEAD_FULL", effect: "none", retryAfterMs: 0 },
  ],
  [
    "ThrottledError",
    new errors.ThrottledError("api", 0.254),
    'Throttle "api" holds back 25 % of the calls',
    { class: "transient", code: "THROTTLED", effect: "none", retryAfterMs: 0 },
  ],
  [
    "NoTimeLeftError",
    new errors.NoTimeLeftError('Work under "bank"', 3_000, 1_200.7),
    'Work under "bank" is expected to take 3000 ms, and 1200 ms are left',
    { class: "transient", code: "NO_TIME_LEFT", effect: "none", retryAfterMs: Infinity },
  ],
  [
    "RateLimitedError",
    new RateLimitedError('Gate "bank"', 1_499.2, { cause }),
    'Gate "bank" lets no further call begin for another 1500 ms',
    { class: "transient", code: "RATE_LIMITED", effect: "none", retryAfterMs: 1_499.2 },
  ],
  [
    "LockHeldError",
    new errors.LockHeldError("store", "held by run r1", "r1"),
    'Lock "store" is held by run r1',
    { class: "transient", code: "LOCK_HELD", effect: "none", retryAfterMs: 0 },
  ],
  [
    "FileRefusedError",
    new errors.FileRefusedError("/a", "is a directory"),
    "/a is a directory, and is left as it is",
    { class: "fatal", code: "FILE_REFUSED", effect: "none" },
  ],
  [
    "TimeoutError",
    new TimeoutError("The upload", 500),
    "The upload did not end within 500 ms",
    { class: "timeout", code: "TIMED_OUT", effect: "unknown" },
  ],
  [
    "ChaosError",
    new errors.ChaosError("friday", {
      class: "timeout",
      code: "CHAOS_INJECTED",
      effect: "partial",
    }),
    'Policy "friday" injected CHAOS_INJECTED (timeout)',
    { class: "timeout", code: "CHAOS_INJECTED", effect: "partial" },
  ],
  [
    "VerificationError",
    new VerificationError('Step "a"', "it is empty", { cause }),
    'Step "a" did not pass its verification: it is empty',
    { class: "unknown", code: "VERIFY_FAILED", effect: "partial" },
  ],
  [
    "ValueError",
    new ValueError("The value", "at a stands a function"),
    "The value cannot be journaled: at a stands a function",
    { class: "fatal", code: "VALUE_NOT_STORABLE", effect: "unknown" },
  ],
  [
    "AutomationError",
    new AutomationError("two steps of one name"),
    "two steps of one name",
    { class: "fatal", code: "AUTOMATION_INVALID", effect: "none" },
  ],
  [
    "InputError",
    new InputError("age is missing"),
    "age is missing",
    { class: "fatal", code: "INPUT_INVALID", effect: "none" },
  ],
  [
    "RequirementError",
    new RequirementError("tar is not installed", "degraded", { cause }),
    "Not everything that the automation requires is there: tar is not installed",
    { class: "degraded", code: "REQUIREMENT_UNMET", effect: "none" },
  ],
  [
    "UndoFailedError",
    new UndoFailedError(["a/b", "a/c"], cause),
    "Rollback is incomplete: a/b, a/c could not be undone",
    { class: "fatal", code: "UNDO_FAILED", effect: "partial" },
  ],
  [
    "LeaseHeldError",
    new LeaseHeldError("r1", "nightly", "process 5"),
    'Automation "nightly" is being run (r1) by process 5',
    { class: "transient", code: "LEASE_HELD", effect: "none" },
  ],
  [
    "RunExistsError",
    new RunExistsError("r1", "succeeded"),
    "Run r1 has been run already: succeeded",
    { class: "fatal", code: "RUN_EXISTS", effect: "none" },
  ],
  [
    "DependencyError",
    new errors.DependencyError("b", ["a", "c"]),
    'Task "b" was not run, for it comes after "a", "c", which failed',
    { class: "fatal", code: "DEPENDENCY_FAILED", effect: "none" },
  ],
  [
    "ApprovalRejectedError",
    new errors.ApprovalRejectedError("deploy", "by ann@host"),
    'Approval "deploy" was rejected by ann@host',
    { class: "fatal", code: "APPROVAL_REJECTED", effect: "none" },
  ],
  [
    "ChildFailedError",
    new errors.ChildFailedError("r1", "smoke", 80),
    'Run r1 of "smoke" failed with exit code 80',
    { class: "fatal", code: "CHILD_FAILED", effect: "none" },
  ],
  [
    "RunRefusedError",
    new errors.RunRefusedError("r1", "Run r1 has ended"),
    "Run r1 has ended",
    { class: "fatal", code: "RUN_REFUSED", effect: "none" },
  ],
  [
    "RunCancelledError",
    new errors.RunCancelledError("r1", "ann@host", "too late"),
    "Run r1 was cancelled by ann@host: too late",
    { class: "fatal", code: "RUN_CANCELLED", effect: "unknown" },
  ],
  [
    "LeaseLostError",
    new LeaseLostError("r1"),
    "Run r1 was taken over by another process; this one stops writing",
    { class: "fatal", code: "LEASE_LOST", effect: "unknown" },
  ],
  [
    "ReplayMismatchError",
    new ReplayMismatchError("r1", "no step a"),
    "no step a",
    { class: "fatal", code: "REPLAY_MISMATCH", effect: "none" },
  ],
  [
    "UnfinishedRunError",
    new UnfinishedRunError("r1", "cut off"),
    "cut off",
    { class: "fatal", code: "RUN_UNFINISHED", effect: "none" },
  ],
  [
    "InDoubtError",
    new InDoubtError("r1", "a/b"),
    'Step "a/b" was begun and nobody saw its end; it can be neither repeated, undone nor looked up',
    { class: "fatal", code: "IN_DOUBT", effect: "unknown" },
  ],
  [
    "PermissionDeniedError",
    new errors.PermissionDeniedError("Reading the variable A", "env", "A"),
    'Reading the variable A is not permitted; add permissions.env: "A"',
    { class: "fatal", code: "PERMISSION_DENIED", effect: "none" },
  ],
  [
    "SandboxError",
    new errors.SandboxError("no bubblewrap"),
    "A sandbox is required, and there is none: no bubblewrap",
    { class: "fatal", code: "SANDBOX_UNAVAILABLE", effect: "none" },
  ],
  [
    "NotReachedError",
    new dryRunErrors.NotReachedError("It", 'the value of "a"'),
    'It is not reached in a dry run: it needs the value of "a"',
    { class: "fatal", code: "NOT_REACHED", effect: "none" },
  ],
  [
    "DryRunError",
    new dryRunErrors.DryRunError("POST a"),
    "POST a is not done in a dry run",
    { class: "fatal", code: "DRY_RUN", effect: "none" },
  ],
  [
    "JournalError",
    new JournalError("disk full", { cause }),
    "disk full",
    { class: "fatal", code: "JOURNAL_FAILED", effect: "unknown" },
  ],
];

test.for(MADE)("%s says what happened and carries its fault", ([name, error, message, fault]) => {
  expect({ name: error.name, message: error.message, fault: knownFault(error) }).toEqual({
    name,
    message,
    fault,
  });
  expect([error.code, isHoldfastError(error), error instanceof HoldfastError]).toEqual([
    fault.code,
    true,
    true,
  ]);
});

test("every kind of error that can be made is looked at here", () => {
  const abstract = [HoldfastError, RejectedError, RunError].map(({ name }) => name);
  const kinds = Object.keys({ ...errors, ...dryRunErrors }).filter(
    (name) => name.endsWith("Error") && /^[A-Z]/.test(name),
  );

  expect(kinds.filter((name) => !abstract.includes(name)).toSorted()).toEqual(
    MADE.map(([name]) => name).toSorted(),
  );
});

test("a circuit that is held open does not say for how long", () => {
  const { message, retryAfterMs } = new CircuitOpenError("bank", Infinity, undefined);

  expect([message, retryAfterMs]).toEqual(['Circuit "bank" is held open', Infinity]);
});

test("a circuit that waits for its probe does not say for how long", () => {
  const { message, retryAfterMs } = new CircuitOpenError("bank", 0, cause);

  expect([message, retryAfterMs]).toEqual(['Circuit "bank" waits for its probe', 0]);
});

test("a limit that does not know when it will let a call begin says no time", () => {
  const { message, retryAfterMs } = new RateLimitedError('Gate "bank"', 0);

  expect([message, retryAfterMs]).toEqual(['Gate "bank" lets no further call begin just now', 0]);
});

test("a limit that never lets a call begin says so", () => {
  const { message, retryAfterMs } = new RateLimitedError('Rate limit "bank"', Infinity);

  expect([message, retryAfterMs]).toEqual([
    'Rate limit "bank" lets no call begin that counts as so many',
    Infinity,
  ]);
});

test("a name is written out, for what minifies code gives classes other names", () => {
  const source = ["errors.ts", "dry-run-errors.ts"]
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
    .join("");

  const named = [...source.matchAll(/get name\(\): string \{\n\s+return "(\w+)"/g)].map(
    ([, name]) => name,
  );

  expect(new Set(named)).toEqual(new Set(MADE.map(([name]) => name)));
});

test("no two kinds share a code", () => {
  const codes = MADE.map(([, error]) => error.code);

  expect(new Set(codes).size).toBe(codes.length);
});

test.for(MADE)("%s shows data only, in JSON and on the console", ([name, error]) => {
  const shown = Object.keys(error).filter((key) => key !== "code");

  expect(JSON.parse(JSON.stringify(error))).toEqual(Object.fromEntries(Object.entries(error)));
  expect(Object.getOwnPropertyNames(error)).not.toContain("name");
  expect(inspect(error)).toMatch(new RegExp(`^${name}: `));
  expect(inspect(error)).not.toMatch(/holdfast\.(error|fault)/);
  expect(
    shown.every((key) =>
      /^(permission|value|needs|limitMs|retryAfterMs|chance|steps|step|runId|holder|path|failed)$/.test(
        key,
      ),
    ),
  ).toBe(true);
});

test.for<[name: string, error: Error, data: object]>([
  [
    "CircuitOpenError",
    new CircuitOpenError("b", 5, cause),
    { code: "CIRCUIT_OPEN", retryAfterMs: 5 },
  ],
  ["RateLimitedError", new RateLimitedError("a", 5), { code: "RATE_LIMITED", retryAfterMs: 5 }],
  ["TimeoutError", new TimeoutError("a", 5), { code: "TIMED_OUT", limitMs: 5 }],
  ["UndoFailedError", new UndoFailedError(["a"], cause), { code: "UNDO_FAILED", steps: ["a"] }],
  [
    "LeaseHeldError",
    new LeaseHeldError("r", "a", "me"),
    { runId: "r", code: "LEASE_HELD", holder: "me" },
  ],
  ["InDoubtError", new InDoubtError("r", "a"), { runId: "r", code: "IN_DOUBT", step: "a" }],
])("%s has fields for programs", ([, error, data]) => {
  expect(Object.fromEntries(Object.entries(error))).toEqual(data);
});

test.for<[name: string, error: Error]>([
  ["CircuitOpenError", new CircuitOpenError("b", 5, cause)],
  ["RateLimitedError", new RateLimitedError("b", 5, { cause })],
  ["VerificationError", new VerificationError("a", "b", { cause })],
  ["RequirementError", new RequirementError("a", "fatal", { cause })],
  ["UndoFailedError", new UndoFailedError(["a"], cause)],
  ["JournalError", new JournalError("a", { cause })],
])("%s keeps what was behind it as its cause", ([, error]) => {
  expect(error.cause).toBe(cause);
});

test("an error of another copy of the package is known by its brand, and so is its fault", () => {
  const fault: Fault = { class: "transient", code: "CIRCUIT_OPEN", effect: "none" };
  const foreign = Object.assign(new Error("open"), {
    [Symbol.for("holdfast.error")]: true,
    [OWN_FAULT]: fault,
  });

  expect([isHoldfastError(foreign), knownFault(foreign)]).toEqual([true, fault]);
});

const silent = new Proxy(
  {},
  {
    has() {
      throw new Error("no");
    },
  },
);

test.for([[new Error("a")], [{}], [null], [undefined], ["text"], [() => 1], [silent]])(
  "%o is no error of ours",
  ([value]) => {
    expect(isHoldfastError(value)).toBe(false);
  },
);
