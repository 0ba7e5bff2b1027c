import { expect, test } from "vitest";
import { faultOf } from "./classify.ts";
import { sqlStateFault } from "./sqlstate.ts";

function refused(code: string, severity: string | undefined = "ERROR"): Error {
  return Object.assign(new Error("refused"), { code, severity });
}

test.for<[state: string, expected: string | undefined]>([
  ["40001", "transient none SQLSTATE_40001"],
  ["40P01", "transient none SQLSTATE_40P01"],
  ["40003", "transient unknown SQLSTATE_40003"],
  ["55P03", "transient none SQLSTATE_55P03"],
  ["53100", "degraded none SQLSTATE_53100"],
  ["53300", "degraded none SQLSTATE_53300"],
  ["57014", "timeout none SQLSTATE_57014"],
  ["57P01", "transient unknown SQLSTATE_57P01"],
  ["57P03", "transient none SQLSTATE_57P03"],
  ["08006", "transient unknown SQLSTATE_08006"],
  ["08001", "transient none SQLSTATE_08001"],
  ["25006", "degraded none SQLSTATE_25006"],
  ["28P01", "fatal none SQLSTATE_28P01"],
  ["3D000", "fatal none SQLSTATE_3D000"],
  ["42P01", "fatal none SQLSTATE_42P01"],
  ["23505", "fatal none SQLSTATE_23505"],
  ["99999", undefined],
  ["toStr", undefined],
  ["57", undefined],
])("%s", ([state, expected]) => {
  const fault = sqlStateFault(state);

  expect(fault && `${fault.class} ${fault.effect} ${fault.code}`).toBe(expected);
});

test("an error of a driver is told by its state and severity", () => {
  const faults = [refused("40P01"), new Error("failed", { cause: refused("53300", "FATAL") })];

  expect(faults.map((error) => faultOf(error).code)).toEqual(["SQLSTATE_40P01", "SQLSTATE_53300"]);
});

test("what has no severity is no error of Postgres", () => {
  expect(faultOf(Object.assign(new Error("x"), { code: "40001" })).code).toBe("40001");
});
