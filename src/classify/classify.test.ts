import fc from "fast-check";
import { expect, test } from "vitest";
import { CircuitOpenError, TimeoutError } from "../core/errors.ts";
import { FAULT_CLASSES, type Fault } from "../core/fault.ts";
import { BUILT_IN_RULES, classifier, faultOf, guarded } from "./classify.ts";

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

const NO_FAULTS: readonly unknown[] = [
  null,
  "fatal",
  Promise.resolve(OWN),
  { ...OWN, class: "fatl" },
  { ...OWN, class: "constructor" },
  { ...OWN, effect: "some" },
  { ...OWN, code: "" },
  { ...OWN, code: 429 },
  { ...OWN, retryAfterMs: Number.NaN },
  { ...OWN, retryAfterMs: "5" },
];

test.for(NO_FAULTS)("a rule that answers %o does not know", (answer) => {
  const fault = classifier([() => answer as Fault])(failing("EBUSY"));

  expect(fault).toEqual({ class: "transient", code: "EBUSY", effect: "none" });
});

test("an answer may name any wait", () => {
  const waits = [0, 0.5, Infinity, undefined];

  const faults = waits.map((retryAfterMs) => classifier([() => ({ ...OWN, retryAfterMs })])("x"));

  expect(faults).toEqual(waits.map((retryAfterMs) => ({ ...OWN, retryAfterMs })));
});

test("a guarded classifier is asked alone, and the fault is unknown where it fails", () => {
  const error = failing("EBUSY");
  const throwing = (): never => {
    throw new Error("a bug in the classifier");
  };

  const faults = [() => OWN, throwing, ...NO_FAULTS.map((answer) => () => answer as Fault)].map(
    (classify) => guarded(classify)(error),
  );

  const unknown = { class: "unknown", code: "EBUSY", effect: "unknown" };
  expect(faults).toEqual([OWN, unknown, ...NO_FAULTS.map(() => unknown)]);
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
