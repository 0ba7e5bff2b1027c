import fc from "fast-check";
import { expect, test } from "vitest";
import { EXIT, mostUrgent } from "./exit-codes.ts";

test("exit codes never change, for scripts rest on them", () => {
  expect(EXIT).toEqual({
    ok: 0,
    failed: 1,
    usage: 2,
    verificationFailed: 65,
    locked: 69,
    bug: 70,
    journal: 74,
    gaveUp: 75,
    denied: 77,
    config: 78,
    rolledBack: 80,
    rollbackIncomplete: 81,
    inDoubt: 82,
    signal: 128,
  });
});

test.for<[codes: number[], code: number]>([
  [[], 0],
  [[1], 1],
  [[80, 1], 80],
  [[80, 75], 75],
  [[75, 65], 65],
  [[65, 82], 82],
  [[82, 81], 81],
  [[70], 70],
  [[70, 1], 1],
  [[130, 70], 130],
])("of %o the most urgent is %d", ([codes, code]) => {
  expect(mostUrgent(codes)).toBe(code);
});

test("the order in which tasks failed does not matter", () => {
  const codes = fc.array(fc.constantFrom(81, 82, 65, 75, 80, 1), { minLength: 1 });
  fc.assert(
    fc.property(codes, (failed) => {
      expect(mostUrgent(failed.toReversed())).toBe(mostUrgent(failed));
    }),
  );
});
