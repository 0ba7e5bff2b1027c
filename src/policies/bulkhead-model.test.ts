/** The bulkhead against a model of ten lines, under random schedules of many calls at once. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { bulkhead, type Bulkhead, type QueueOrder, type WhenFull } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

interface Rules {
  readonly limit: number;
  readonly queue: number;
  readonly queueTimeout: number;
  readonly order: QueueOrder;
  readonly whenFull: WhenFull | undefined;
}

/** What happens: the number of a command is that of the call that it makes, or `pick` chooses one. */
type Command =
  | { readonly type: "call"; readonly priority: number }
  | { readonly type: "settle" | "abort"; readonly pick: number }
  | { readonly type: "resize"; readonly limit: number }
  | { readonly type: "pass"; readonly ms: number };

/** What is to happen: each line of the log is the start or the end of one call. */
class Model {
  log: string[] = [];
  limit: number;
  nowMs = 0;
  running: number[] = [];
  abandoned: number[] = [];
  waiting: { id: number; priority: number; untilMs: number }[] = [];
  readonly rules: Rules;

  constructor(rules: Rules) {
    this.rules = rules;
    this.limit = rules.limit;
  }

  call(id: number, priority: number): void {
    const untilMs = this.nowMs + this.rules.queueTimeout;
    const isNewestFirst = this.rules.order === "newest first";
    this.waiting[isNewestFirst ? "unshift" : "push"]({ id, priority, untilMs });
    this.waiting.sort((one, other) => other.priority - one.priority);
    this.go();
    if (this.waiting.length > this.rules.queue) this.refuse(isNewestFirst);
  }

  /** Of those with the lowest priority, the one with the highest number is the newest. */
  refuse(isNewestFirst: boolean): void {
    const { whenFull = isNewestFirst ? "refuse oldest" : "refuse newest" } = this.rules;
    const lowest = Math.min(...this.waiting.map(({ priority }) => priority));
    const ids = this.waiting.filter(({ priority }) => priority === lowest).map(({ id }) => id);
    const refused = whenFull === "refuse newest" ? Math.max(...ids) : Math.min(...ids);
    this.waiting = this.waiting.filter(({ id }) => id !== refused);
    this.log.push(`${refused} refused`);
  }

  go(): void {
    const next = this.waiting.splice(0, Math.max(0, this.limit - this.running.length));
    for (const { id } of next) this.log.push(`${id} starts`);
    this.running.push(...next.map(({ id }) => id));
  }

  settle(id: number): void {
    if (!this.abandoned.includes(id)) this.log.push(`${id} done`);
    this.abandoned = this.abandoned.filter((other) => other !== id);
    this.running = this.running.filter((other) => other !== id);
    this.go();
  }

  abort(id: number): void {
    this.log.push(`${id} aborted`);
    if (this.running.includes(id)) this.abandoned.push(id);
    this.waiting = this.waiting.filter((other) => other.id !== id);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const late = this.waiting.filter(({ untilMs }) => untilMs <= this.nowMs);
    this.waiting = this.waiting.filter(({ untilMs }) => untilMs > this.nowMs);
    for (const { id } of late) this.log.push(`${id} refused`);
  }

  /** The calls that somebody still waits for. */
  get open(): readonly number[] {
    const called = [...this.running, ...this.waiting.map(({ id }) => id)];
    return called.filter((id) => !this.abandoned.includes(id));
  }
}

/** The real one, with calls by number that are settled and aborted from outside. */
class Real {
  log: string[] = [];
  readonly clock = new VirtualClock();
  readonly bulkhead: Bulkhead;
  readonly #callers = new Map<number, AbortController>();
  readonly #works = new Map<number, PromiseWithResolvers<void>>();

  constructor({ limit, ...options }: Rules) {
    this.bulkhead = bulkhead(limit, { ...options, clock: this.clock });
  }

  call(id: number, priority: number): void {
    const caller = new AbortController();
    const held = Promise.withResolvers<void>();
    this.#callers.set(id, caller);
    this.#works.set(id, held);
    const running = this.bulkhead.at(priority).run(() => {
      this.log.push(`${id} starts`);
      return held.promise;
    }, caller);
    running.then(
      () => this.log.push(`${id} done`),
      ({ code }) => this.log.push(`${id} ${code === "BULKHEAD_FULL" ? "refused" : "aborted"}`),
    );
  }

  settle(id: number): void {
    this.#works.get(id)?.resolve();
  }

  abort(id: number): void {
    this.#callers.get(id)?.abort(new Error("stop"));
  }
}

async function play(command: Command, id: number, both: { model: Model; real: Real }) {
  const { model, real } = both;
  const choose = (from: readonly number[]) => from[pickOf(command) % from.length];
  switch (command.type) {
    case "call":
      real.call(id, command.priority);
      model.call(id, command.priority);
      break;
    case "settle":
    case "abort": {
      const chosen = choose(command.type === "settle" ? model.running : model.open);
      if (chosen === undefined) return;
      real[command.type](chosen);
      model[command.type](chosen);
      break;
    }
    case "resize":
      real.bulkhead.resize(command.limit);
      model.limit = command.limit;
      model.go();
      break;
    case "pass":
      await real.clock.advance(command.ms);
      model.pass(command.ms);
  }
}

const pickOf = (command: Command): number => ("pick" in command ? command.pick : 0);

/** Lets all promises go on; no chain of ours is longer. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Starts in their order. In which order calls hear of their ends that came together is left open. */
const told = (log: readonly string[]) => ({
  starts: log.filter((line) => line.endsWith("starts")),
  ends: log.filter((line) => !line.endsWith("starts")).toSorted(),
});

function compare(
  model: Model,
  { log, bulkhead: { running, queued, abandoned, free } }: Real,
): void {
  expect({ ...told(log), running, queued, abandoned, free }).toEqual({
    ...told(model.log),
    running: model.running.length,
    queued: model.waiting.length,
    abandoned: model.abandoned.length,
    free: Math.max(0, model.limit - model.running.length),
  });
}

const rules = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  queue: fc.nat({ max: 3 }),
  queueTimeout: fc.constantFrom(5, 10, Infinity),
  order: fc.constantFrom("oldest first" as const, "newest first"),
  whenFull: fc.constantFrom(undefined, "refuse newest" as const, "refuse oldest"),
});

const pick = fc.nat({ max: 20 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("call" as const),
      priority: fc.integer({ min: -1, max: 1 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom("settle" as const, "abort"), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("resize" as const), limit: fc.nat({ max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.constantFrom(0, 3, 5, 7) }),
  },
);

test("U3 whatever calls do at once, it does as the model, and all slots come back", async () => {
  await fc.assert(
    fc.asyncProperty(rules, fc.array(command, { maxLength: 25 }), async (given, commands) => {
      const model = new Model(given);
      const real = new Real(given);
      const step = async (next: Command, id: number): Promise<void> => {
        await play(next, id, { model, real });
        await quiet();
        compare(model, real);
      };

      for (const [id, next] of commands.entries()) await step(next, id);
      await step({ type: "resize", limit: 1 }, 0);
      while (model.running.length > 0) await step({ type: "settle", pick: 0 }, 0);
      await real.bulkhead.drained();

      expect([real.bulkhead.free, real.clock.pending]).toEqual([1, 0]);
    }),
    { numRuns: 10_000 },
  );
}, 60_000);
