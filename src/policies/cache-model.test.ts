/** The cache against a small model: random callers, works, failures and deletions, on the virtual clock. */

import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cache } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** Moments of commands, leavings and ends are 0, 1 and 2 modulo 3: no two kinds at the same time. */
interface Command {
  readonly atMs: number;
  readonly key: string;
  readonly deletes: boolean;
  /** When the caller leaves, if it still waits. */
  readonly leaveMs: number;
  /** How long the work takes, if it is this caller's that is begun. */
  readonly workMs: number;
  readonly fails: boolean;
}

interface Times {
  readonly ttl: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly errorTtl: number;
}

/** What became of one command, and when. */
type End = readonly [what: string, atMs: number];

const END_MS = 300;

interface Begun {
  readonly by: number;
  readonly key: string;
  readonly endMs: number;
  readonly waiting: Set<number>;
}

/** What has to come of it, played millisecond by millisecond. */
class Model {
  readonly ends: End[] = [];
  readonly begun: number[] = [];
  readonly #commands: readonly Command[];
  readonly #times: Times;
  readonly #values = new Map<string, { value: string; freshUntilMs: number }>();
  readonly #failures = new Map<string, { error: string; untilMs: number }>();
  readonly #current = new Map<string, Begun>();
  readonly #works: Begun[] = [];

  constructor(commands: readonly Command[], times: Times) {
    this.#commands = commands;
    this.#times = times;
    for (let nowMs = 0; nowMs < END_MS; nowMs++) {
      if (nowMs % 3 === 2) this.#endWorks(nowMs);
      else if (nowMs % 3 === 1) this.#leave(nowMs);
      else commands.forEach((one, by) => one.atMs === nowMs && this.#command(one, by, nowMs));
    }
  }

  #command({ key, deletes }: Command, by: number, nowMs: number): void {
    if (deletes) {
      for (const known of [this.#values, this.#failures, this.#current]) known.delete(key);
      this.ends[by] = ["deleted", nowMs];
      return;
    }
    const { value, freshUntilMs } = this.#values.get(key) ?? { value: "", freshUntilMs: -Infinity };
    const failure = this.#failures.get(key);
    const hasFailed = failure !== undefined && nowMs < failure.untilMs;
    const { staleWhileRevalidate, staleIfError } = this.#times;
    if (nowMs < freshUntilMs + staleWhileRevalidate) {
      this.ends[by] = [value, nowMs];
      if (nowMs >= freshUntilMs && !hasFailed && !this.#current.has(key)) this.#begin(by, nowMs);
    } else if (hasFailed) {
      this.ends[by] = [nowMs < freshUntilMs + staleIfError ? value : failure.error, nowMs];
    } else {
      (this.#current.get(key) ?? this.#begin(by, nowMs)).waiting.add(by);
    }
  }

  #begin(by: number, nowMs: number): Begun {
    const { key, workMs } = this.#commands[by] as Command;
    const work = { by, key, endMs: nowMs + workMs, waiting: new Set<number>() };
    this.begun.push(by);
    this.#works.push(work);
    this.#current.set(key, work);
    return work;
  }

  #leave(nowMs: number): void {
    for (const work of this.#works) {
      for (const by of work.waiting) {
        if (this.#commands[by]?.leaveMs !== nowMs) continue;
        work.waiting.delete(by);
        this.ends[by] = [`caller ${by} left`, nowMs];
        if (work.waiting.size === 0) this.#drop(work);
      }
    }
  }

  #drop(work: Begun): boolean {
    return this.#current.get(work.key) === work && this.#current.delete(work.key);
  }

  #endWorks(nowMs: number): void {
    for (const work of this.#works.filter(({ endMs }) => endMs === nowMs)) {
      const { by, key, waiting } = work;
      const { fails } = this.#commands[by] as Command;
      const isCurrent = this.#drop(work);
      const old = this.#values.get(key);
      let answer = `work ${by} ${fails ? "failed" : "answered"}`;
      if (isCurrent && fails) {
        this.#failures.set(key, { error: answer, untilMs: nowMs + this.#times.errorTtl });
        if (old && nowMs < old.freshUntilMs + this.#times.staleIfError) answer = old.value;
      } else if (isCurrent) {
        this.#values.set(key, { value: answer, freshUntilMs: nowMs + this.#times.ttl });
        this.#failures.delete(key);
      }
      for (const one of waiting) this.ends[one] = [answer, nowMs];
      waiting.clear();
    }
  }
}

async function played(commands: readonly Command[], times: Times) {
  const clock = new VirtualClock();
  const answers = cache({ ...times, clock });
  const signals: AbortSignal[] = [];
  const begun: number[] = [];
  const ends: End[] = [];
  const call = ({ key, atMs, leaveMs, workMs, fails }: Command, by: number): void => {
    const controller = new AbortController();
    signals.push(controller.signal);
    const work = async (): Promise<string> => {
      begun.push(by);
      await clock.sleep(workMs);
      if (fails) throw `work ${by} failed`;
      return `work ${by} answered`;
    };
    const ended = (what: unknown): void => void (ends[by] = [String(what), clock.elapsed()]);
    answers.for(key).run(work, controller).then(ended, ended);
    clock.after(leaveMs - atMs, () => controller.abort(`caller ${by} left`));
  };
  commands.forEach((command, by) =>
    clock.after(command.atMs, () => {
      if (!command.deletes) return call(command, by);
      answers.delete(command.key);
      ends[by] = ["deleted", clock.elapsed()];
    }),
  );
  await clock.advance(END_MS);
  const listeners = signals.reduce((sum, one) => sum + getEventListeners(one, "abort").length, 0);
  return { ends, begun, left: [clock.pending, listeners] };
}

const third = (offset: number, max: number) => fc.nat({ max }).map((n) => 3 * n + offset);

const command = fc.record({
  atMs: third(0, 60),
  key: fc.constantFrom("a", "b"),
  deletes: fc.nat({ max: 9 }).map((n) => n === 0),
  patienceMs: third(1, 20),
  workMs: third(2, 15),
  fails: fc.boolean(),
});

const times = fc.record({
  ttl: third(0, 10),
  staleWhileRevalidate: third(0, 10),
  staleIfError: third(0, 20),
  errorTtl: third(0, 5),
});

test("whoever comes, leaves, fails and deletes when: every caller gets what the model says, and no work runs but those that it says", async () => {
  const schedules = fc
    .array(command, { minLength: 1, maxLength: 20 })
    .map((commands) =>
      commands
        .map(({ patienceMs, ...one }): Command => ({ ...one, leaveMs: one.atMs + patienceMs }))
        .toSorted((one, other) => one.atMs - other.atMs),
    );

  await fc.assert(
    fc.asyncProperty(schedules, times, async (commands, lengths) => {
      const { ends, begun } = new Model(commands, lengths);

      expect(await played(commands, lengths)).toEqual({ ends, begun, left: [0, 0] });
    }),
    { numRuns: 2_000 },
  );
});

test("of more keys than there is room for, those that were asked for last are kept", async () => {
  const room = fc.integer({ min: 1, max: 4 });
  const keys = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 40 });

  await fc.assert(
    fc.asyncProperty(room, keys, async (max, asked) => {
      const answers = cache({ ttl: Infinity, max });
      const missed: number[] = [];

      for (const [index, key] of asked.entries())
        await answers.for(key).run(() => missed.push(index));

      const lastKeys = (before: number): Set<string> => {
        const distinct = new Set(asked.slice(0, before).toReversed());
        return new Set([...distinct].slice(0, max));
      };
      const expected = [...asked.keys()].filter(
        (index) => !lastKeys(index).has(asked[index] ?? ""),
      );
      expect([missed, answers.size]).toEqual([expected, lastKeys(asked.length).size]);
    }),
  );
});
