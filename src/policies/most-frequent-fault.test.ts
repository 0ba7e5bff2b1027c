import fc from "fast-check";
import { expect, test } from "vitest";
import {
  FAULT_CLASSES,
  mostFrequentFault,
  retry,
  type AttemptRecord,
  type Fault,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const busy: Fault = { class: "degraded", code: "HTTP_503", effect: "none" };
const cut: Fault = { class: "transient", code: "ECONNRESET", effect: "unknown" };
const later: Fault = { ...busy, effect: "unknown", retryAfterMs: 1_000 };
const fatal: Fault = { ...busy, class: "fatal" };

const historyOf = (faults: readonly Fault[]): AttemptRecord[] =>
  faults.map((fault, index) => ({ number: index + 1, fault, durationMs: 10 }));

test.for<[what: string, faults: readonly Fault[], expected: Fault | undefined]>([
  ["none where nothing failed", [], undefined],
  ["the one that came most often", [busy, busy, cut], busy],
  ["the latest of those that came as often", [cut, busy, busy, cut], cut],
  ["the last of those that are the same", [busy, cut, later], later],
  ["told apart by class as well", [busy, fatal, fatal], fatal],
])("the most frequent fault is %s", ([, faults, expected]) => {
  expect(mostFrequentFault(historyOf(faults))).toBe(expected);
});

test("no fault of the history comes more often than the most frequent, and none as often comes later", () => {
  const faults = fc.array(
    fc.record({
      class: fc.constantFrom(...FAULT_CLASSES),
      code: fc.constantFrom("A", "B", "C"),
      effect: fc.constant("none" as const),
    }),
    { minLength: 1, maxLength: 20 },
  );

  fc.assert(
    fc.property(faults, (all) => {
      const like = (one: Fault) => (other: Fault) =>
        one.class === other.class && one.code === other.code;
      const countOf = (fault: Fault): number => all.filter(like(fault)).length;
      const most = Math.max(...all.map(countOf));
      const expected = all.findLast((fault) => countOf(fault) === most);
      expect(mostFrequentFault(historyOf(all))).toBe(expected);
    }),
    { numRuns: 10_000 },
  );
});

test("it tells what a call under retry failed by most of the time", async () => {
  const clock = new VirtualClock();
  const patient = retry({ clock, attempts: 3, only: [Error] });
  const codes = ["ECONNREFUSED", "ECONNREFUSED", "ECONNRESET"];

  const ended = await clock.settle(() =>
    patient.attempt(({ attempt }) => {
      throw Object.assign(new Error("down"), { code: codes[attempt - 1] });
    }),
  );

  expect(mostFrequentFault(ended.history)?.code).toBe("ECONNREFUSED");
});
