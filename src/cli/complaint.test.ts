import { expect, test } from "vitest";
import {
  AutomationError,
  InputError,
  JournalError,
  LeaseHeldError,
  LeaseLostError,
  OptionsError,
  ReplayMismatchError,
  UnfinishedRunError,
  ValueError,
} from "../core/errors.ts";
import { UsageError } from "./command.ts";
import { complaintOf, uncaughtComplaint } from "./complaint.ts";
import { AutomationFileError } from "./load-error.ts";
import { SAMPLE } from "./world-fixture.contract.ts";

test.for<[error: Error, exitCode: number, text: string]>([
  [new UsageError("what?"), 2, "holdfast: what?\n"],
  [new InputError("does not fit"), 2, "holdfast: does not fit\n"],
  [
    new ValueError("The input", "it is too deep"),
    2,
    "holdfast: The input cannot be journaled: it is too deep\n",
  ],
  [
    new LeaseLostError("r1"),
    69,
    "holdfast: Run r1 was taken over by another process; this one stops writing\n",
  ],
  [
    new LeaseHeldError("r1", "nightly", "process 7 on host"),
    69,
    `holdfast: Automation "nightly" is being run (r1) by process 7 on host
Wait until it has ended; a process that died is noticed by itself.
`,
  ],
  [new JournalError("disk full"), 74, "holdfast: disk full\n"],
  [new OptionsError("HOLDFAST_HOME", "wrong"), 78, "holdfast: HOLDFAST_HOME: wrong\n"],
  [new AutomationFileError("a.ts", "no", "Mend it."), 78, "holdfast: a.ts: no\nMend it.\n"],
  [
    new ReplayMismatchError("r1", "does not fit"),
    78,
    `holdfast: does not fit
Bring the former code back and go on with it; or take back what still can be (holdfast rollback RUN); or leave everything as it is and start anew (holdfast run FILE --fresh).
`,
  ],
  [
    new UnfinishedRunError("r1", "was cut off"),
    82,
    `holdfast: was cut off
  --resume    go on with that run, its input and the code as it is now
  --rollback  take back what it did
  --fresh     leave what it did, and start a new run
`,
  ],
])("%s", ([error, exitCode, text]) => {
  expect(complaintOf(error, {})).toEqual({ exitCode, text });
});

test("what was not understood of a command's line is said with its usage", () => {
  expect(complaintOf(new UsageError("what?"), {}, SAMPLE)).toEqual({
    exitCode: 2,
    text: "holdfast sample: what?\nUsage: holdfast sample FILE [--input JSON|@FILE] [--tag TAG] [--mode MODE] [--quiet]\n",
  });
});

test.for<[what: string, error: unknown, text: string]>([
  [
    "an error of no known kind",
    Object.assign(new Error("x"), { stack: "Error: x\n    at y" }),
    "Error: x\n    at y",
  ],
  [
    "one of ours that never comes this far",
    Object.assign(new AutomationError("x"), { stack: "s" }),
    "s",
  ],
  [
    "one that claims a code of ours",
    Object.assign(new Error("x"), { code: "INPUT_INVALID", stack: "s" }),
    "s",
  ],
  ["text", "just text", "just text"],
])("%s is a bug", ([, error, text]) => {
  expect(complaintOf(error, {})).toEqual({
    exitCode: 70,
    text: `holdfast: this is a bug in holdfast; please report it with the lines below\n${text}\n`,
  });
});

test("an error that nobody caught is not said to be a bug of holdfast's", () => {
  expect(uncaughtComplaint("just text", {})).toEqual({
    exitCode: 70,
    text: "holdfast: an error that nobody caught, outside of any step; a run that was under way is cut off, and the next start goes on with it\njust text\n",
  });
});

test("neither holds a secret or a control character", () => {
  const error = new InputError("with hunter2-hunter2\u001b[2J");
  const env = { API_TOKEN: "hunter2-hunter2" };

  expect([
    complaintOf(error, env).text,
    uncaughtComplaint("hunter2-hunter2\u0007", env).text.split("\n")[1],
  ]).toEqual(["holdfast: with ***\n", "***"]);
});
