import fc from "fast-check";
import { expect, test } from "vitest";
import { seededDice } from "../core/dice.ts";
import { faultPlan, findRefusal, type PlannedRequest } from "./fault-plan.ts";
import { FAULT_KINDS, STORE_METHODS, type FaultKind } from "./object-store-options.ts";

const RULES = { kinds: FAULT_KINDS, rate: 0.15, inARow: 2, atFirst: true };

const requests = fc.array(
  fc.record({
    method: fc.constantFrom(...STORE_METHODS),
    name: fc.constantFrom("a", "b", "c/d"),
  }),
  { maxLength: 60 },
);

/** What a client that tries each of these until it gets through is met with. */
function patientClient(wanted: readonly PlannedRequest[], seed: number): (FaultKind | "ok")[] {
  const plan = faultPlan(RULES, [], seededDice(seed));
  return wanted.flatMap((request) => {
    const met: (FaultKind | "ok")[] = [];
    while (met.at(-1) !== "ok") met.push(plan(request) ?? "ok");
    return met;
  });
}

test("no request meets more faults in a row than allowed, and a kind meets only what it fits", () => {
  fc.assert(
    fc.property(
      requests,
      fc.nat(),
      fc.integer({ min: 1, max: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, seed, inARow, rate) => {
        const plan = faultPlan({ ...RULES, inARow, rate }, [], seededDice(seed));
        const row = new Map<string, number>();
        for (const request of all) {
          const fault = plan(request);
          const same = `${request.method} ${request.name}`;
          const count = fault === undefined ? 0 : (row.get(same) ?? 0) + 1;
          row.set(same, count);

          expect(count).toBeLessThanOrEqual(inARow);
          expect(fault === "truncate" && request.method !== "GET").toBe(false);
          expect(fault === "reset-after" && !["PUT", "DELETE"].includes(request.method)).toBe(
            false,
          );
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("the same seed and the same requests meet the same faults", () => {
  fc.assert(
    fc.property(requests, fc.nat(), (all, seed) => {
      const once = faultPlan(RULES, [], seededDice(seed));
      const again = faultPlan(RULES, [], seededDice(seed));

      expect(all.map(again)).toEqual(all.map(once));
    }),
    { numRuns: 1_000 },
  );
});

test("a run as small as two uploads and two reads meets every kind of fault", () => {
  const run: PlannedRequest[] = [
    { method: "PUT", name: "archive" },
    { method: "PUT", name: "sum" },
    { method: "GET", name: "archive" },
    { method: "GET", name: "sum" },
  ];
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      expect(new Set(patientClient(run, seed))).toEqual(new Set([...FAULT_KINDS, "ok"]));
    }),
    { numRuns: 2_000 },
  );
});

test("the first request for every object fails, long after every kind was seen", () => {
  const plan = faultPlan({ ...RULES, rate: 0 }, [], seededDice(7));
  const first = Array.from({ length: 200 }, (_, index) =>
    plan({ method: "PUT", name: `${index}` }),
  );
  const second = Array.from({ length: 200 }, (_, index) =>
    plan({ method: "PUT", name: `${index}` }),
  );

  expect(first.filter((fault) => fault === undefined)).toEqual([]);
  expect(second.filter((fault) => fault !== undefined)).toEqual([]);
});

test("a rate is the share of requests that fail", () => {
  const rules = { ...RULES, kinds: ["reset"] as const, rate: 0.15, atFirst: false };
  const plan = faultPlan(rules, [], seededDice(3));
  const faults = Array.from({ length: 10_000 }, (_, index) =>
    plan({ method: "GET", name: `${index}` }),
  ).filter((fault) => fault === "reset");

  expect(faults.length / 10_000).toBeCloseTo(0.15, 1);
});

test("a script comes first, in order, and leaves out what does not fit", () => {
  const quiet = { ...RULES, rate: 0, atFirst: false, kinds: [] };
  const plan = faultPlan(quiet, ["stall", "none", "truncate", "reset"], seededDice(1));
  const request: PlannedRequest = { method: "PUT", name: "a" };

  expect([1, 2, 3, 4, 5].map(() => plan(request) ?? "ok")).toEqual([
    "stall",
    "ok",
    "ok",
    "reset",
    "ok",
  ]);
});

test("a refusal holds for its method and the names that begin with its prefix", () => {
  const rules = [
    { method: "DELETE", status: 403, prefix: "archives/" },
    { method: "DELETE", status: 409, prefix: "" },
  ] as const;
  const statusOf = (method: "PUT" | "DELETE", name: string) =>
    findRefusal(rules, { method, name })?.status;

  expect([
    statusOf("DELETE", "archives/a"),
    statusOf("DELETE", "other"),
    statusOf("PUT", "archives/a"),
  ]).toEqual([403, 409, undefined]);
});
