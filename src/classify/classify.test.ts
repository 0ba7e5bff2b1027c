import fc from "fast-check";
import { expect, test } from "vitest";
import { CircuitOpenError, TimeoutError } from "../core/errors.ts";
import { FAULT_CLASSES, type Fault } from "../core/fault.ts";
import { BUILT_IN_RULES, classifier, faultOf } from "./classify.ts";

const OWN: Fault = { class: "fatal", code: "NO_FUNDS", effect: "none" };

function failing(code: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(code, options), { code });
}

test("a rule of one's own is asked before everything else", () => {
  const classify = classifier([() => undefined, () => OWN, () => ({ ...OWN, code: "LATER" })]);

  expect([
    classify(failing("ECONNRESET")),
    classify(new TimeoutError("Step", 5)),
    classify("text"),
  ]).toEqual([OWN, OWN, OWN]);
});

test("a rule that throws does not hide the error", () => {
  const classify = classifier([
    () => {
      throw new Error("a bug in the rule");
    },
  ]);

  expect(classify(failing("EBUSY"))).toEqual({ class: "transient", code: "EBUSY", effect: "none" });
});

test("what an error was classified as is remembered, also by other classifiers", () => {
  const error = failing("ECONNRESET");

  classifier([() => OWN])(error);

  expect(faultOf(error)).toBe(OWN);
});

test("our own errors carry their fault, and what is below them does not matter", () => {
  const error = new CircuitOpenError("bank", 2_500, failing("EACCES"));
  const fault = { class: "transient", code: "CIRCUIT_OPEN", effect: "none", retryAfterMs: 2_500 };

  expect([faultOf(error), faultOf(new Error("wrapped", { cause: error }))]).toEqual([fault, fault]);
});

test("a cause that was classified before has the last word", () => {
  const cause = failing("ECONNRESET");
  classifier([() => OWN])(cause);

  expect(faultOf(new Error("wrapped", { cause }))).toEqual(OWN);
});

test.for<[thrown: unknown, code: string]>([
  [new Error("?"), "ERROR"],
  [Object.assign(new Error("?"), { name: "HTTPParseError" }), "HTTP_PARSE_ERROR"],
  [Object.assign(new Error("?"), { name: "my2ndError!" }), "MY2ND_ERROR"],
  [Object.assign(new Error("?"), { name: "…" }), "UNKNOWN"],
  [Object.assign(new Error("?"), { code: "E_MINE" }), "E_MINE"],
  [Object.assign(new Error("?"), { code: " " }), "ERROR"],
  [Object.assign(new Error("?"), { code: 7 }), "ERROR"],
  [Object.assign(new Error("?"), { code: "x".repeat(500) }), `${"x".repeat(99)}…`],
  ["text", "UNKNOWN"],
  [undefined, "UNKNOWN"],
  [null, "UNKNOWN"],
  [{}, "UNKNOWN"],
  [404, "UNKNOWN"],
])("what no rule knows, such as %o, is unknown with the code %s", ([thrown, code]) => {
  expect(faultOf(thrown)).toEqual({ class: "unknown", code, effect: "unknown" });
});

test("whatever is thrown has a fault, and the same object has the same one", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, maxDepth: 4 }), (thrown) => {
      const fault = faultOf(thrown);

      expect(FAULT_CLASSES).toContain(fault.class);
      expect(fault.code).not.toBe("");
      const isObject = typeof thrown === "object" && thrown !== null;
      expect(faultOf(thrown) === fault || !isObject).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("nothing that an error does when it is read gets out", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = new Proxy(new Error("x"), {
    get() {
      throw new Error("from a getter");
    },
    getPrototypeOf() {
      throw new Error("from a prototype");
    },
  });

  expect([proxy, throwing].map((thrown) => faultOf(thrown))).toEqual([
    { class: "unknown", code: "UNKNOWN", effect: "unknown" },
    { class: "unknown", code: "UNKNOWN", effect: "unknown" },
  ]);
});

test("the built-in rules cannot be changed", () => {
  expect(Object.isFrozen(BUILT_IN_RULES)).toBe(true);
});
