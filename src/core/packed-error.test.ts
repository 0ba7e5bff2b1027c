import { expect, test } from "vitest";
import { faultOf } from "../classify/classify.ts";
import { InDoubtError, LeaseHeldError, PermissionDeniedError, RequirementError } from "./errors.ts";
import { packError, unpackError } from "./packed-error.ts";

const there = (error: unknown) => unpackError(structuredClone(packError(error)));

test("an error of ours keeps its class, its data and its fault in another process", () => {
  const held = there(new LeaseHeldError("r1", "nightly", "web-1"));
  const doubt = there(new InDoubtError("r2", "pay/charge"));

  expect(held).toBeInstanceOf(LeaseHeldError);
  expect(doubt).toBeInstanceOf(InDoubtError);
  expect(
    [held, doubt].map((error) => ({ ...error, name: error.name, fault: faultOf(error) })),
  ).toEqual([
    {
      name: "LeaseHeldError",
      code: "LEASE_HELD",
      runId: "r1",
      holder: "web-1",
      fault: { class: "transient", code: "LEASE_HELD", effect: "none" },
    },
    {
      name: "InDoubtError",
      code: "IN_DOUBT",
      runId: "r2",
      step: "pay/charge",
      fault: { class: "fatal", code: "IN_DOUBT", effect: "unknown" },
    },
  ]);
});

test("what is private in an error of ours still decides its fault", () => {
  const error = there(new RequirementError("no space", "degraded"));

  expect(faultOf(error)).toEqual({
    class: "degraded",
    code: "REQUIREMENT_UNMET",
    effect: "none",
  });
});

test("an error of others keeps its name, message, code, stack and cause", () => {
  const cause = Object.assign(new RangeError("too far"), { code: "E_FAR" });
  const error = Object.assign(new TypeError("wrong", { cause }), { code: 7, secret: "x" });

  const found = there(error);

  expect([found.name, found.message, found.stack, { ...found }]).toEqual([
    "TypeError",
    "wrong",
    error.stack,
    { code: "7" },
  ]);
  expect(found.cause).toMatchObject({ name: "RangeError", message: "too far", code: "E_FAR" });
});

test("what was thrown and is no error becomes one", () => {
  expect(there("no")).toMatchObject({ name: "text", message: "no" });
});

test("an error of ours of a class that is not known here is still ours", () => {
  const packed = packError(new PermissionDeniedError("Reading it", "read", "/x"));
  const error = unpackError({ ...packed, summary: { ...packed.summary, type: "LaterError" } });

  expect([faultOf(error).code, error.message]).toEqual([
    "PERMISSION_DENIED",
    'Reading it is not permitted; add permissions.read: "/x"',
  ]);
});
