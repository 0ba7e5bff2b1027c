/** Coalescing against a small model: random callers, patience and works, on the virtual clock. */

import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { coalesce } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/**
 * One caller. Arrivals, leavings and ends never fall into the same millisecond: those are 0, 1 and 2
 * modulo 3.
 */
interface Caller {
  readonly atMs: number;
  readonly key: string;
  /** When it leaves. */
  readonly leaveMs: number;
  /** How long the work takes, if it is this caller's that is begun. */
  readonly workMs: number;
  readonly fails: boolean;
  /** Whether the work ends when it is aborted. */
  readonly minds: boolean;
}

/** What became of one caller, and when. */
type End = readonly [what: string, atMs: number];

interface Begun {
  readonly by: number;
  readonly endMs: number;
  readonly leavings: number[];
}

/** What has to come of it: the ends of the callers, and what was begun and aborted when. */
function predicted(callers: readonly Caller[]): { ends: End[]; works: unknown[] } {
  const works: Begun[] = [];
  const current = new Map<string, Begun>();
  const joined = callers.map(({ atMs, key, leaveMs, workMs }, by) => {
    let work = current.get(key);
    if (work === undefined || atMs > Math.min(work.endMs, Math.max(...work.leavings))) {
      work = { by, endMs: atMs + workMs, leavings: [] };
      works.push(work);
      current.set(key, work);
    }
    work.leavings.push(leaveMs);
    return work;
  });
  return {
    ends: callers.map(({ leaveMs }, index) => {
      const { by, endMs } = joined[index] as Begun;
      if (leaveMs < endMs) return [`caller ${index} left`, leaveMs];
      return [`work ${by} ${callers[by]?.fails ? "failed" : "answered"}`, endMs];
    }),
    works: works.map(({ by, endMs, leavings }) => {
      const lastMs = Math.max(...leavings);
      return [by, lastMs < endMs ? lastMs : "never aborted"];
    }),
  };
}

async function played(callers: readonly Caller[]) {
  const clock = new VirtualClock();
  const calls = coalesce({ clock });
  const signals: AbortSignal[] = [];
  const works: [by: number, abortedAt: number | string][] = [];
  const ends: End[] = [];
  const begin = (caller: Caller, by: number): void => {
    const controller = new AbortController();
    signals.push(controller.signal);
    const work = async ({ signal }: { signal: AbortSignal }): Promise<string> => {
      const row: (typeof works)[number] = [by, "never aborted"];
      works.push(row);
      signal.addEventListener("abort", () => (row[1] = clock.elapsed()));
      await clock.sleep(caller.workMs, caller.minds ? signal : undefined);
      if (caller.fails) throw `work ${by} failed`;
      return `work ${by} answered`;
    };
    const ended = (what: unknown): void => void (ends[by] = [String(what), clock.elapsed()]);
    calls.for(caller.key).run(work, controller).then(ended, ended);
    clock.after(caller.leaveMs - caller.atMs, () => controller.abort(`caller ${by} left`));
  };
  callers.forEach((caller, by) => clock.after(caller.atMs, () => begin(caller, by)));
  await clock.advance(1_000);
  const listeners = signals.map((signal) => getEventListeners(signal, "abort").length);
  return { ends, works, size: calls.size, pending: clock.pending, listeners };
}

const third = (offset: number) => fc.nat({ max: 20 }).map((n) => 3 * n + offset);

const caller = fc.record({
  atMs: third(0),
  key: fc.constantFrom("a", "b"),
  patienceMs: third(1),
  workMs: third(2),
  fails: fc.boolean(),
  minds: fc.boolean(),
});

test("whoever comes, leaves and fails when: every caller gets the answer of the work that it joined, or its own reason", async () => {
  const schedules = fc
    .array(caller, { minLength: 1, maxLength: 12 })
    .map((callers) =>
      callers
        .map(({ patienceMs, ...one }): Caller => ({ ...one, leaveMs: one.atMs + patienceMs }))
        .toSorted((one, other) => one.atMs - other.atMs),
    );

  await fc.assert(
    fc.asyncProperty(schedules, async (callers) => {
      expect(await played(callers)).toEqual({
        ...predicted(callers),
        size: 0,
        pending: 0,
        listeners: callers.map(() => 0),
      });
    }),
    { numRuns: 3_000 },
  );
});
