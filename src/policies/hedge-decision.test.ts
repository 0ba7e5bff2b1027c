import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULT_CLASSES, REACTIONS, type Fault } from "../index.ts";
import { holdAfter, mostTelling } from "./hedge-decision.ts";

const RULES = { repeatable: true, reactions: REACTIONS };

const fault = (changes: Partial<Fault> = {}): Fault => ({
  class: "transient",
  code: "ECONNRESET",
  effect: "unknown",
  ...changes,
});

const faults: fc.Arbitrary<Fault> = fc.record({
  class: fc.constantFrom(...FAULT_CLASSES),
  code: fc.constant("CODE"),
  effect: fc.constantFrom("none", "partial", "unknown"),
});

test.for<[what: string, faults: Fault[], repeatable: boolean, holdMs: number | undefined]>([
  ["a blip holds nothing back", [fault()], true, 0],
  ["a Retry-After holds back as long", [fault({ retryAfterMs: 5_000 })], true, 5_000],
  ["only that of the newest counts", [fault({ retryAfterMs: 5_000 }), fault()], true, 0],
  ["a bad request ends the call", [fault({ class: "fatal" })], true, undefined],
  ["so does one after others", [fault(), fault({ class: "fatal" })], true, undefined],
  ["what nobody knows may come once", [fault({ class: "unknown" })], true, 0],
  [
    "and after that nothing more begins",
    [fault({ class: "unknown" }), fault(), fault({ class: "unknown" })],
    true,
    Infinity,
  ],
  ["what may not be repeated ends with an effect", [fault()], false, undefined],
  ["and goes on without one", [fault({ effect: "none" })], false, 0],
])("%s", ([, failed, repeatable, holdMs]) => {
  expect(holdAfter(failed, { ...RULES, repeatable })).toBe(holdMs);
});

test("a call ends with the last failure that may have had an effect, else with the last", () => {
  const failures = fc.array(
    faults.map((each) => ({ fault: each })),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(failures, (all) => {
      const told = mostTelling(all);
      const after = all.slice(all.indexOf(told) + 1);

      expect(all).toContain(told);
      expect(after.map(({ fault: { effect } }) => effect)).toEqual(after.map(() => "none"));
      expect(
        told.fault.effect === "none" && all.some(({ fault: { effect } }) => effect !== "none"),
      ).toBe(false);
      expect(told.fault.effect !== "none" || after.length === 0).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});
