/** Several limits that turn calls of low priority away together. */

import { expect, test } from "vitest";
import {
  adaptiveLimit,
  bulkhead,
  faultOf,
  findLevel,
  OptionsError,
  prioritizer,
  seededDice,
  type EventDetails,
  type Prioritizer,
  type PrioritizerOptions,
  type Slots,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const half = (): number => 0.5;

/** Has so many calls hold slots and wait, all of priority 100. */
function fill(slots: Slots, calls: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = Array.from({ length: calls }, () => slots.at(100).run(() => promise));
  return { end: resolve, all: Promise.all(running) };
}

const end = (running: Promise<unknown>): Promise<unknown> =>
  running.catch(({ code }) => code as string);

interface Visit {
  readonly to: Slots;
  readonly priority: number;
  readonly user?: string;
}

/** Plays calls of 100 ms that come one after the other, and answers how many of whose were done. */
async function play(clock: VirtualClock, visits: readonly Visit[], everyMs: number) {
  const done: Record<string, number> = {};
  const all = visits.map(async ({ to, priority, user }, index) => {
    await clock.sleep(index * everyMs);
    const name = user ?? String(priority);
    done[name] ??= 0;
    const went = await end(to.at(priority, user).run(() => clock.sleep(100)));
    if (went === undefined) done[name]++;
  });
  await clock.settle(() => Promise.all(all));
  return done;
}

test("when more is asked for than can be done, low priorities are turned away first, over all limits", async () => {
  const clock = new VirtualClock();
  const shared = prioritizer({ clock, random: seededDice(1) });
  const options = { prioritizer: shared, queue: 1_000, clock };
  const limits = [bulkhead(4, options), adaptiveLimit({ ...options, initial: 4, max: 4 })];
  // Each has room for 40 calls in a second; 60 come.
  const visits = Array.from({ length: 3_000 }, (_, index) => ({
    to: limits[index % 2] as Slots,
    priority: Math.floor(index / 2) % 3,
  }));

  const done = await play(clock, visits, 1_000 / 120);

  const { "0": low = 0, "1": medium = 0, "2": high = 0 } = done;
  expect(high).toBeGreaterThan(980);
  expect(medium).toBeGreaterThan(900);
  expect(low).toBeLessThan(130);
  // 25 seconds with room for 80 calls each: nothing that could be done is left undone.
  expect(low + medium + high).toBeGreaterThan(1_990);
});

test("of equal priority, whoever has used most is turned away first", async () => {
  const clock = new VirtualClock();
  const shared = prioritizer({ clock, random: seededDice(2) });
  const to = bulkhead(4, { prioritizer: shared, queue: 1_000, clock });
  // Room for 40 in a second; the greedy one asks for 40, the others for 10 each.
  const users = ["greedy", "ann", "greedy", "bob", "greedy", "greedy"];
  const visits = Array.from({ length: 3_000 }, (_, index) => ({
    to,
    priority: 0,
    user: users[index % 6] as string,
  }));

  const { greedy, ann, bob } = await play(clock, visits, 1_000 / 60);

  expect(ann).toBeGreaterThan(470);
  expect(bob).toBeGreaterThan(470);
  expect(greedy).toBeLessThan(1_100);
  expect(greedy).toBeGreaterThan(800);
});

test("a call that gets a slot at once is never turned away", async () => {
  const shared = prioritizer({ random: half });
  const full = bulkhead(1, { prioritizer: shared });
  const empty = bulkhead(1, { prioritizer: shared });
  const held = fill(full, 3);
  const during = shared.rate;

  const went = await empty.at(-100).run(() => "done");
  held.end();
  await held.all;

  expect([during, went]).toEqual([1, "done"]);
});

test("what may wait depends on how many wait: none is turned away, then a share, then all but the highest", async () => {
  const shared = prioritizer({ random: half });
  const slots = bulkhead(4, { prioritizer: shared });
  const seen: unknown[] = [];
  const look = (): void => void seen.push([slots.queued, shared.rate, shared.threshold]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const all: Promise<unknown>[] = [];
  const call = (priority: number): void =>
    void all.push(end(slots.at(priority).run(() => promise)));
  for (let running = 0; running < 4; running++) call(0);
  look();
  for (const priority of [1, 2, 3, 4]) call(priority);
  look();
  for (const priority of [5, 6]) call(priority);
  look();
  for (const priority of [0, 7, 1, 8]) call(priority);
  look();
  resolve();

  expect(seen).toEqual([
    [0, 0, -Infinity],
    [4, 0, -Infinity],
    [6, 0.5, 4.5],
    [8, 1, 8.5],
  ]);
  expect((await Promise.all(all)).slice(10)).toEqual([
    "BULKHEAD_FULL",
    undefined,
    "BULKHEAD_FULL",
    undefined,
  ]);
  expect([shared.rate, shared.threshold]).toEqual([0, -Infinity]);
});

test("who is turned away is told so, and the work was not started", async () => {
  const told: EventDetails[] = [];
  const shared = prioritizer({ random: half });
  const slots = bulkhead(1, {
    name: "db",
    prioritizer: shared,
    on: (event) => told.push(event),
  });
  const held = fill(slots, 3);
  let calls = 0;

  const error: unknown = await slots.run(() => calls++).catch((reason: unknown) => reason);
  held.end();
  await held.all;

  expect([calls, String(error), faultOf(error)]).toEqual([
    0,
    'BulkheadFullError: Bulkhead "db" is full: only calls of a higher level may wait while so many do',
    { class: "transient", code: "BULKHEAD_FULL", effect: "none", retryAfterMs: 0 },
  ]);
  expect(told).toEqual([
    { type: "bulkhead.rejected", policy: "db", reason: "level too low", limit: 1, queued: 2 },
  ]);
});

test("a limit where nobody waits any more does not count", async () => {
  const shared = prioritizer({ random: half });
  const small = bulkhead(1, { prioritizer: shared });
  const large = bulkhead(50, { prioritizer: shared });
  const first = fill(large, 51);
  const second = fill(small, 3);
  const both = shared.rate;
  first.end();
  await first.all;

  const alone = shared.rate;
  second.end();
  await second.all;

  expect([both, alone, shared.rate]).toEqual([0, 1, 0]);
});

test("a small limit does not speak for a large one", async () => {
  const shared = prioritizer({ random: half });
  const small = bulkhead(1, { prioritizer: shared });
  const large = bulkhead(50, { prioritizer: shared });
  const held = [fill(small, 3), fill(large, 50)];
  const alone = shared.rate;

  const waiting = large.at(-100).run(() => "done");
  for (const { end: release } of held) release();

  expect([alone, await waiting]).toEqual([1, "done"]);
});

test("a level that was handed on decides as it is, and its priority orders the queue", async () => {
  const shared = prioritizer({ random: half });
  const slots = bulkhead(2, { prioritizer: shared });
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = [slots.run(() => promise), slots.run(() => promise)];
  const begun: string[] = [];
  const call = (level: number, name: string) => end(slots.at(level).run(() => begun.push(name)));
  const header = String(shared.level(10));

  const first = [call(5.2, "a"), call(5.9, "b"), call(findLevel(header) ?? 0, "c")];
  const low = call(5.3, "low");
  const high = call(5.95, "high");
  resolve();
  await Promise.all([...running, ...first, high]);

  expect([header, await low, begun]).toEqual(["10.5", "BULKHEAD_FULL", ["c", "a", "b", "high"]]);
});

test("what a user has used is what its works took, also beyond the end of their calls", async () => {
  const clock = new VirtualClock();
  const shared = prioritizer({ clock, halfLife: "1h" });
  const slots = bulkhead(1, { prioritizer: shared, clock });
  const caller = new AbortController();
  const abandoned = end(slots.at(0, "ann").run(() => clock.sleep(300), caller));
  caller.abort("stop");
  await abandoned;
  const before = shared.usage("ann");

  await clock.settle(() =>
    end(
      slots.at(0, "bob").run(async () => {
        await clock.sleep(100);
        throw new Error("own");
      }),
    ),
  );

  expect([before, shared.usage("ann"), shared.usage("bob"), shared.usage("eve")]).toEqual([
    0,
    expect.closeTo(300, 0),
    expect.closeTo(100, 0),
    0,
  ]);
  const levels = ["ann", "bob", "eve"].map((user) => shared.level(0, user));
  expect(levels).toEqual(levels.toSorted((one, other) => one - other));
});

test("by default usage of ten thousand users counts half after a minute", async () => {
  const clock = new VirtualClock();
  const shared = prioritizer({ clock });
  const slots = bulkhead(1, { prioritizer: shared, clock });
  await clock.settle(() => slots.at(0, "ann").run(() => clock.sleep(1_000)));
  await clock.advance("1m");
  const after = shared.usage("ann");

  for (let user = 0; user < 9_999; user++) await slots.at(0, `${user}`).run(() => {});
  const kept = shared.usage("ann");
  for (let user = 0; user < 10_000; user++) await slots.at(0, `${user}`).run(() => {});

  expect([after, kept, shared.usage("ann")]).toEqual([500, 500, 0]);
});

test.for<[message: string, mistake: (shared: Prioritizer) => unknown]>([
  ["prioritizer.shed: unknown", () => prioritizer({ shed: 1 } as PrioritizerOptions)],
  [
    "prioritizer.shedAll: expected a number above shedFrom (2), received 2",
    () => prioritizer({ shedFrom: 2, shedAll: 2 }),
  ],
  ["prioritizer.halfLife:", () => prioritizer({ halfLife: 0 })],
  ["prioritizer.maxUsers:", () => prioritizer({ maxUsers: 0 })],
  [
    "prioritizer.level.priority: expected a whole number from -100 to 100, received 0.5",
    (shared) => shared.level(0.5),
  ],
  ["prioritizer.level.priority:", (shared) => shared.level(101)],
  ["prioritizer.level.user: expected text that is not empty", (shared) => shared.level(0, "")],
  ["prioritizer.usage.user:", (shared) => shared.usage("")],
  [
    "bulkhead.prioritizer: expected an object with level(), admits(), counted(), received an object",
    () => bulkhead(1, { prioritizer: {} as Prioritizer }),
  ],
  ["bulkhead.at.priority: expected a whole number", () => bulkhead(1).at(0.5)],
  [
    "bulkhead.at.priority: expected a whole number from -100 to 100, received 101",
    (shared) => bulkhead(1, { prioritizer: shared }).at(101),
  ],
  ["bulkhead.at.user: expected a prioritizer", () => bulkhead(1).at(0, "ann")],
  [
    "bulkhead.at.user: expected text that is not empty",
    (shared) => bulkhead(1, { prioritizer: shared }).at(0, ""),
  ],
])("%s", ([message, mistake]) => {
  expect(() => mistake(prioritizer())).toThrow(OptionsError);
  expect(() => mistake(prioritizer())).toThrow(message);
});
