import fc from "fast-check";
import { expect, test } from "vitest";
import { CLOSED, type Circuit } from "./circuit.ts";
import { circuitFromText, circuitToText, probeIn } from "./shared-circuit.ts";

const count = fc.nat({ max: 1_000 });
const ms = fc.nat({ max: 1_000_000 });

const circuits: fc.Arbitrary<Circuit> = fc.oneof(
  fc.record({
    state: fc.constant("closed" as const),
    generation: count,
    failures: count,
    held: fc.constant(undefined),
  }),
  fc.record({
    state: fc.constant("open" as const),
    generation: count,
    untilMs: ms,
    pauseMs: ms,
    openings: count,
  }),
  fc.record({
    state: fc.constant("half-open" as const),
    generation: count,
    pauseMs: ms,
    openings: count,
    successes: count,
    failures: count,
    probes: fc.array(fc.record({ generation: count, startMs: ms, leaseUntilMs: ms })),
    isHealed: fc.constant(true),
  }),
);

test("a circuit comes back as it was kept, as long as the clock goes on", () => {
  fc.assert(
    fc.property(circuits, (circuit) => {
      expect(circuitFromText(circuitToText(circuit), 1_000_000)).toEqual(circuit);
    }),
    { numRuns: 1_000 },
  );
});

test("after the clock was set back no pause lasts longer than it was to last", () => {
  const open = { state: "open", generation: 3, untilMs: 9_000, pauseMs: 50, openings: 1 } as const;

  expect(circuitFromText(circuitToText(open), 100)).toEqual({ ...open, untilMs: 150 });
});

test("a probe that began in the future keeps no place", () => {
  const probes = [{ generation: 3, startMs: 9_000, leaseUntilMs: 9_500 }];
  const half = { state: "half-open", generation: 3, pauseMs: 50, openings: 1 } as const;
  const counts = { successes: 0, failures: 0, isHealed: true };

  const kept = circuitFromText(circuitToText({ ...half, ...counts, probes }), 100);

  expect(kept).toEqual({ ...half, ...counts, probes: [] });
});

test.for([
  ["nothing", undefined],
  ["no JSON", "{"],
  ["an unknown state", `{"state":"ajar","generation":1}`],
  ["an unknown field", `{"state":"closed","generation":1,"mood":"good"}`],
  ["a negative count", `{"state":"closed","generation":-1}`],
])("%s counts as closed", ([, text]) => {
  expect(circuitFromText(text, 0)).toBe(CLOSED);
});

test("a probe is known again among several by its moments", () => {
  const one = { generation: 3, startMs: 1, leaseUntilMs: 5 };
  const two = { generation: 3, startMs: 1, leaseUntilMs: 6 };
  const three = { generation: 3, startMs: 2, leaseUntilMs: 6 };
  const counts = { openings: 1, successes: 0, failures: 0, pauseMs: 1, isHealed: true };
  const circuit = { state: "half-open", generation: 3, ...counts } as const;
  const probes = [one, two, three];

  const found = probes.map((probe) => probeIn({ ...circuit, probes }, { ...probe }));

  expect(found.map((probe) => probes.indexOf(probe))).toEqual([0, 1, 2]);
});
