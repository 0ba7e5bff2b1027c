import { expect, test } from "vitest";
import { TimeoutError } from "./errors.ts";
import { FAULT_CLASSES, knownFault, rememberFault, type Fault } from "./fault.ts";

const FAULT: Fault = { class: "degraded", code: "HTTP_503", effect: "none" };

test("the classes stand in order, the mildest first", () => {
  expect(FAULT_CLASSES).toEqual(["transient", "degraded", "timeout", "unknown", "fatal"]);
});

test.for<[what: string, error: unknown]>([
  ["an error", new Error("a")],
  ["a frozen error", Object.freeze(new Error("a"))],
  ["an object", {}],
  ["a function", () => 1],
])("the fault of %s is remembered beside it", ([, error]) => {
  const before = knownFault(error);

  rememberFault(error, FAULT);

  expect([before, knownFault(error)]).toEqual([undefined, FAULT]);
  expect(Object.keys(error as object)).not.toContain("fault");
});

test.for([["text"], [5], [null], [undefined], [Symbol("a")]])("%o has no memory", ([error]) => {
  rememberFault(error, FAULT);

  expect(knownFault(error)).toBeUndefined();
});

test("an error that is used again with another code is another failure", () => {
  const error = Object.assign(new Error("a"), { code: "EBUSY" });
  rememberFault(error, FAULT);

  error.code = "EACCES";
  const after = knownFault(error);
  error.code = "EBUSY";

  expect([after, knownFault(error)]).toEqual([undefined, FAULT]);
});

test("a code that cannot be read is none", () => {
  const error = Object.defineProperty(new Error("a"), "code", {
    get() {
      throw new Error("no");
    },
  });

  rememberFault(error, FAULT);

  expect(knownFault(error)).toBe(FAULT);
});

test("what an error was classified as goes before what it carries", () => {
  const error = new TimeoutError("it", 5);

  rememberFault(error, FAULT);

  expect(knownFault(error)).toBe(FAULT);
});
