import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { faultOf } from "./classify.ts";

type Row = [fields: object, faultClass: FaultClass, code: string, effect: Effect];

/** What execFile adds to its errors. */
const ASYNC = { killed: false, signal: null, code: null, cmd: "tar" };
/** What execFileSync adds. */
const SYNC = { status: null, signal: null, output: [null, "", ""], pid: 7 };

test.for<Row>([
  [{ ...ASYNC, code: 124 }, "timeout", "EXIT_124", "unknown"],
  [{ ...ASYNC, code: 126 }, "fatal", "EXIT_126", "none"],
  [{ ...ASYNC, code: 127 }, "fatal", "EXIT_127", "none"],
  [{ ...ASYNC, code: 137 }, "transient", "SIGKILL", "unknown"],
  [{ ...ASYNC, code: 1 }, "unknown", "EXIT_1", "unknown"],
  [{ ...ASYNC, signal: "SIGKILL" }, "transient", "SIGKILL", "unknown"],
  [{ ...ASYNC, signal: "SIGTERM" }, "unknown", "SIGTERM", "unknown"],
  [{ ...ASYNC, signal: "SIGTERM", killed: true }, "timeout", "TIMED_OUT", "unknown"],
  [{ ...ASYNC, code: "ENOENT" }, "fatal", "ENOENT", "none"],
  [
    { ...ASYNC, code: "ERR_CHILD_PROCESS_STDIO_MAXBUFFER", killed: true, signal: "SIGTERM" },
    "fatal",
    "ERR_CHILD_PROCESS_STDIO_MAXBUFFER",
    "unknown",
  ],
  [{ ...SYNC, status: 127 }, "fatal", "EXIT_127", "none"],
  [{ ...SYNC, status: 3 }, "unknown", "EXIT_3", "unknown"],
  [{ ...SYNC, signal: "SIGKILL" }, "transient", "SIGKILL", "unknown"],
  [{ ...SYNC, signal: "SIGTERM", code: "ETIMEDOUT" }, "timeout", "ETIMEDOUT", "unknown"],
  [{ ...SYNC }, "unknown", "ERROR", "unknown"],
  [{ code: 127 }, "unknown", "ERROR", "unknown"],
  [{ killed: false, code: 127 }, "unknown", "ERROR", "unknown"],
  [{ output: [], status: 127 }, "unknown", "ERROR", "unknown"],
])("a command that ended with %o is %s as %s", ([fields, faultClass, code, effect]) => {
  const error = Object.assign(new Error("Command failed"), fields);

  expect(faultOf(error)).toEqual({ class: faultClass, code, effect });
});
