import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { faultOf } from "./classify.ts";
import { SQLITE_ROWS } from "./sqlite.ts";

const ROWS: readonly [errcode: number, code: string, faultClass: FaultClass, effect: Effect][] = [
  [1, "SQLITE_ERROR", "fatal", "none"],
  [2, "SQLITE_INTERNAL", "fatal", "unknown"],
  [3, "SQLITE_PERM", "fatal", "none"],
  [4, "SQLITE_ABORT", "transient", "none"],
  [5, "SQLITE_BUSY", "transient", "none"],
  [6, "SQLITE_LOCKED", "transient", "none"],
  [7, "SQLITE_NOMEM", "degraded", "none"],
  [8, "SQLITE_READONLY", "fatal", "none"],
  [9, "SQLITE_INTERRUPT", "unknown", "none"],
  [10, "SQLITE_IOERR", "fatal", "unknown"],
  [11, "SQLITE_CORRUPT", "fatal", "unknown"],
  [12, "SQLITE_NOTFOUND", "fatal", "none"],
  [13, "SQLITE_FULL", "degraded", "none"],
  [14, "SQLITE_CANTOPEN", "fatal", "none"],
  [15, "SQLITE_PROTOCOL", "transient", "none"],
  [17, "SQLITE_SCHEMA", "transient", "none"],
  [18, "SQLITE_TOOBIG", "fatal", "none"],
  [19, "SQLITE_CONSTRAINT", "fatal", "none"],
  [20, "SQLITE_MISMATCH", "fatal", "none"],
  [21, "SQLITE_MISUSE", "fatal", "unknown"],
  [22, "SQLITE_NOLFS", "fatal", "none"],
  [23, "SQLITE_AUTH", "fatal", "none"],
  [25, "SQLITE_RANGE", "fatal", "none"],
  [26, "SQLITE_NOTADB", "fatal", "none"],
];

function failing(fields: object): Error {
  return Object.assign(new Error("from SQLite"), fields);
}

test.for(ROWS)("result code %i is %s: %s with effect %s", ([errcode, code, faultClass, effect]) => {
  const faults = [
    { code: "ERR_SQLITE_ERROR", errcode },
    // 517 is SQLITE_BUSY_SNAPSHOT: the primary code and more above it.
    { code: "ERR_SQLITE_ERROR", errcode: errcode + 2 * 256 },
    { code },
    { code: `${code}_EXTENDED` },
  ].map((fields) => faultOf(failing(fields)));

  expect(faults).toEqual(Array(4).fill({ class: faultClass, code, effect }));
});

test("every row is tested above", () => {
  expect(SQLITE_ROWS.map(({ code }) => code)).toEqual(ROWS.map(([, code]) => code));
});

test.for<[fields: object, code: string]>([
  [{ code: "ERR_SQLITE_ERROR" }, "ERR_SQLITE_ERROR"],
  [{ code: "ERR_SQLITE_ERROR", errcode: 16 }, "ERR_SQLITE_ERROR"],
  [{ code: "SQLITE_BUSYNESS" }, "SQLITE_BUSYNESS"],
  [{ code: "OTHER", errcode: 5 }, "OTHER"],
])("%o is no known result", ([fields, code]) => {
  expect(faultOf(failing(fields))).toEqual({ class: "unknown", code, effect: "unknown" });
});
