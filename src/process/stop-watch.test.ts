import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { StopWatch, type Limits, type StopReason } from "./stop-watch.ts";

function watching(limits: Partial<Limits>): {
  clock: VirtualClock;
  watch: StopWatch;
  reasons: [StopReason, number][];
} {
  const clock = new VirtualClock();
  const beganAtMs = clock.elapsed();
  const reasons: [StopReason, number][] = [];
  const watch = new StopWatch({
    timeout: Infinity,
    idleTimeout: Infinity,
    signal: undefined,
    clock,
    isHeldBack: () => false,
    ...limits,
  });
  void watch.stopped.then((reason) => reasons.push([reason, clock.elapsed() - beganAtMs]));
  return { clock, watch, reasons };
}

test("its time is up", async () => {
  const { clock, reasons } = watching({ timeout: 1_000, idleTimeout: 2_000 });

  await clock.advance(5_000);

  expect(reasons).toEqual([["timeout", 1_000]]);
});

test("it is silent for too long, counted from what it wrote last", async () => {
  const { clock, watch, reasons } = watching({ idleTimeout: 1_000 });
  await clock.advance(900);
  watch.heard();
  await clock.advance(900);
  watch.heard();

  await clock.advance(5_000);

  expect(reasons).toEqual([["idle", 2_800]]);
});

test("while the reader of its output holds it back, the silence is not its own", async () => {
  let isHeldBack = true;
  const { clock, reasons } = watching({ idleTimeout: 1_000, isHeldBack: () => isHeldBack });
  await clock.advance(3_500);
  isHeldBack = false;

  await clock.advance(5_000);

  expect(reasons).toEqual([["idle", 4_000]]);
});

test("nobody wants it any more", async () => {
  const cancelling = new AbortController();
  const { clock, reasons } = watching({ timeout: 1_000, signal: cancelling.signal });
  await clock.advance(10);

  cancelling.abort();
  await clock.advance(5_000);

  expect(reasons).toEqual([["cancel", 10]]);
});

test("once it has ended nothing is left that waits or listens", async () => {
  const cancelling = new AbortController();
  const limits = { timeout: 1_000, idleTimeout: 500, signal: cancelling.signal };
  const { clock, watch, reasons } = watching(limits);
  await clock.advance(400);
  watch.heard();
  await clock.advance(200);

  watch.end();
  cancelling.abort();
  await clock.advance(5_000);

  expect(reasons).toEqual([]);
});
