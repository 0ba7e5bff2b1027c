/**
 * No call leaves anything behind: the short form of test/long/ten-million-calls.ts, in a process of
 * its own, whose heap nobody else uses.
 */

import { execFile } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { slopeOf, steadyGrowthOf } from "./long/trend.ts";

const PROGRAM = join(import.meta.dirname, "long/ten-million-calls.ts");

/** Ten seconds on a machine that has nothing else to do; two minutes were seen on a busy one. */
const MAX_MS = 400_000;

/** Runs the program to its end, and reads its last line. */
function run(...args: readonly string[]): Promise<{ exitCode: unknown; verdict: object }> {
  const settings = ["--expose-gc", "--conditions=holdfast:source", PROGRAM];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...settings, ...args], { timeout: MAX_MS }, (error, stdout) => {
      if (stdout === "") return reject(error);
      const verdict = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
      resolve({ exitCode: error === null ? 0 : error.code, verdict });
    });
  });
}

test(
  "T2 200,000 calls of every kind leave no memory, no listener and no timer",
  { timeout: MAX_MS },
  async () => {
    const { exitCode, verdict } = await run("--calls", "200000");

    expect(verdict).toMatchObject({ calls: 200_000, listeners: 0, timers: 0, unexpected: 0 });
    expect(exitCode, JSON.stringify(verdict)).toBe(0);
  },
);

test("a little that each call leaves would be found", { timeout: MAX_MS }, async () => {
  const { exitCode, verdict } = await run("--calls", "20000", "--leak");

  expect(verdict).toMatchObject({ calls: 20_000, unexpected: 0 });
  expect(exitCode, JSON.stringify(verdict)).toBe(1);
});

test("the slope is that of the line, whatever is on either side of it", () => {
  const place = fc.record({ at: fc.nat(1_000), off: fc.integer({ min: 0, max: 100 }) });
  const places = fc.array(place, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(places, fc.integer({ min: -50, max: 50 }), (around, slope) => {
      const points = around.flatMap(({ at, off }) => [
        { at, value: slope * at + off },
        { at: at + 1_001, value: slope * (at + 1_001) + off },
      ]);
      const mirrored = around.flatMap(({ at, off }) => [
        { at, value: slope * at - off },
        { at: at + 1_001, value: slope * (at + 1_001) - off },
      ]);

      expect(slopeOf([...points, ...mirrored])).toBeCloseTo(slope, 6);
    }),
    { numRuns: 1_000 },
  );
});

test("a step is no steady growth, wherever it comes; growth in both halves is", () => {
  const level = { at: fc.integer({ min: 0, max: 99 }), height: fc.integer({ min: 1, max: 1e9 }) };
  fc.assert(
    fc.property(
      fc.record(level),
      fc.integer({ min: 1, max: 1_000 }),
      ({ at: step, height }, slope) => {
        const places = Array.from({ length: 100 }, (_, at) => at);

        const stepping = places.map((at) => ({ at, value: at < step ? 0 : height }));
        const leaking = places.map((at) => ({ at, value: slope * at + (at < step ? 0 : height) }));

        expect(steadyGrowthOf(stepping)).toBe(0);
        expect(steadyGrowthOf(leaking)).toBeCloseTo(slope, 6);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("one place alone has no slope", () => {
  expect(slopeOf([{ at: 5, value: 7 }])).toBeNaN();
});
