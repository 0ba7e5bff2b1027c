import { expect, test } from "vitest";
import { constant, pipeline, retry, timeout, type Policy } from "../index.ts";
import { playHerd, type Play } from "./herd.ts";

const NEVER_DOWN = { latencyMs: 100, outage: undefined, limit: undefined };
const DOWN_1S = { ...NEVER_DOWN, outage: { fromMs: 0, untilMs: 1_000 } };

const USUAL: Play = {
  agents: 3,
  calls: 1,
  server: NEVER_DOWN,
  guard: () => pipeline(),
  againMs: 1_000,
  seed: 1,
};

const between = (low: number, high: number) => (ms: number) => ms >= low && ms <= high;

test("all begin in the same moment, each has its calls done one after the other", async () => {
  const { arrivals, doneAtMs, failures } = await playHerd({ ...USUAL, calls: 2 });

  expect(arrivals.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(arrivals.filter(({ atMs }) => atMs === 0)).toHaveLength(3);
  expect(doneAtMs).toEqual(doneAtMs.toSorted((a, b) => a - b));
  expect(doneAtMs.filter(between(100, 300))).toHaveLength(3);
  expect(failures).toBe(0);
});

test("a call that failed for good is begun again after half to one and a half of the time", async () => {
  const { arrivals, doneAtMs, failures } = await playHerd({
    ...USUAL,
    agents: 50,
    server: { ...DOWN_1S, outage: { fromMs: 0, untilMs: 1 } },
  });

  const again = arrivals.slice(50).map(({ atMs }) => atMs);
  expect(failures).toBe(50);
  expect(doneAtMs).toHaveLength(50);
  expect(again.filter(between(550, 1_650))).toHaveLength(50);
  expect(Math.min(...again)).toBeLessThan(750);
  expect(Math.max(...again)).toBeGreaterThan(1_450);
});

test("agents that never begin again end with their first failure", async () => {
  const played = await playHerd({ ...USUAL, server: DOWN_1S, againMs: Infinity });

  expect(played.arrivals).toHaveLength(3);
  expect(played).toMatchObject({ doneAtMs: [], failures: 3 });
});

test("the policy is a real one, on the clock and the dice of the play", async () => {
  const drawn: number[] = [];
  const { arrivals, failures } = await playHerd({
    ...USUAL,
    agents: 1,
    server: DOWN_1S,
    guard: ({ clock, random }) => {
      drawn.push(random());
      return retry({ clock, random, attempts: 3, backoff: constant("1s") });
    },
  });

  expect(arrivals.map(({ status }) => status)).toEqual([503, 200]);
  expect(failures).toBe(0);
  expect(drawn.filter(between(0, 1))).toHaveLength(1);
});

test("an error of a policy is a failure of the call", async () => {
  const played = await playHerd({
    ...USUAL,
    guard: ({ clock }) => timeout("10ms", { clock }),
    againMs: Infinity,
  });

  expect(played).toMatchObject({ doneAtMs: [], failures: 3 });
});

test("the work minds the signal of its policy", async () => {
  const given = new AbortController();
  given.abort(new Error("not now"));
  const guard = (): Policy => ({
    name: "aborts",
    run: (work) =>
      pipeline().run(({ attempt, deadline }) => work({ attempt, deadline, signal: given.signal })),
  });

  await expect(playHerd({ ...USUAL, guard })).rejects.toThrow("not now");
});

test("a mistake in the play is no failure of a call", async () => {
  const mistake = new TypeError("no such function");
  const guard = (): Policy => ({ name: "broken", run: () => Promise.reject(mistake) });

  await expect(playHerd({ ...USUAL, guard })).rejects.toBe(mistake);
});

test("the same seed is the same play, another seed another one", async () => {
  const play = (seed: number) => playHerd({ ...USUAL, server: DOWN_1S, seed });

  const first = await play(1);

  expect(await play(1)).toEqual(first);
  expect(await play(2)).not.toEqual(first);
});
