import { expect, test } from "vitest";
import { JournalError, TimeoutError } from "../core/errors.ts";
import type { EventDetails } from "../core/events.ts";
import { memoryJournal } from "../journal/memory.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { breakerKey, sharedBreaker, type SharedBreakerOptions } from "./shared-breaker.ts";

/** Processes that share one store: each makes a breaker of its own by the same name. */
function world(options: SharedBreakerOptions = {}) {
  const clock = new VirtualClock();
  const state = memoryJournal({ clock });
  const events: EventDetails[] = [];
  const make = () =>
    sharedBreaker("store", state, {
      failures: 2,
      pause: "1m",
      clock,
      on: (event) => void events.push(event),
      ...options,
    });
  return { clock, state, events, make };
}

class Down extends Error {}
const fails = () => Promise.reject(new Down("down"));
const works = () => "up";
const told = async (call: Promise<unknown>) =>
  call.then(
    (value) => value,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

test("failures of several processes are counted together, and the next one is refused", async () => {
  const { make, events } = world();

  const answers = [
    await told(make().run(fails)),
    await told(make().run(fails)),
    await told(make().run(works)),
  ];

  expect({ answers, types: events.map(({ type }) => type) }).toEqual({
    answers: ["down", "down", "CIRCUIT_OPEN"],
    types: ["breaker.opened", "breaker.rejected"],
  });
});

test("of many that end at the same moment none is lost", async () => {
  const { make } = world({ failures: 20 });

  await Promise.all(Array.from({ length: 20 }, () => told(make().run(fails))));

  expect(await told(make().run(works))).toBe("CIRCUIT_OPEN");
});

test("a success in between begins the count anew", async () => {
  const { make } = world();

  await told(make().run(fails));
  await make().run(works);
  await told(make().run(fails));

  expect(await told(make().run(works))).toBe("up");
});

test("after the pause one process probes, others are refused meanwhile, and its success closes", async () => {
  const { make, clock, events } = world();
  await told(make().run(fails));
  await told(make().run(fails));
  await clock.advance(60_000);
  const probe = Promise.withResolvers<string>();

  const probing = told(make().run(() => probe.promise));
  const meanwhile = await told(make().run(works));
  probe.resolve("up again");
  const answers = [await probing, meanwhile, await told(make().run(works))];

  expect({ answers, types: events.map(({ type }) => type) }).toEqual({
    answers: ["up again", "CIRCUIT_OPEN", "up"],
    types: ["breaker.opened", "breaker.half_opened", "breaker.rejected", "breaker.closed"],
  });
});

test("a probe that fails opens it for another pause", async () => {
  const { make, clock } = world();
  await told(make().run(fails));
  await told(make().run(fails));
  await clock.advance(60_000);

  const answers = [await told(make().run(fails)), await told(make().run(works))];
  await clock.advance(59_999);
  answers.push(await told(make().run(works)));
  await clock.advance(1);
  answers.push(await told(make().run(works)));

  expect(answers).toEqual(["down", "CIRCUIT_OPEN", "CIRCUIT_OPEN", "up"]);
});

test("a probe whose process was killed loses its place when its lease is over", async () => {
  const { make, clock } = world({ probeTimeout: "10m" });
  await told(make().run(fails));
  await told(make().run(fails));
  await clock.advance(60_000);
  void make().run(() => new Promise(() => {}));

  const before = await told(make().run(works));
  await clock.advance(600_000);

  expect([before, await told(make().run(works))]).toEqual(["CIRCUIT_OPEN", "up"]);
});

test("an aborted probe tells nothing, and leaves its place to the next", async () => {
  const { make, clock } = world();
  await told(make().run(fails));
  await told(make().run(fails));
  await clock.advance(60_000);
  const stop = new AbortController();
  const gone = () => {
    stop.abort(new Error("gone"));
    return Promise.reject(new Error("gone"));
  };

  const answers = [
    await told(make().run(gone, { signal: stop.signal })),
    await told(make().run(works)),
  ];

  expect(answers).toEqual(["gone", "up"]);
});

test("a time limit that was over counts, unlike a caller who gave up", async () => {
  const { make } = world();
  const late = (): Promise<never> => {
    const stop = new AbortController();
    const work = () => {
      stop.abort(new TimeoutError("work", 1_000));
      return Promise.reject(new Error("ended"));
    };
    return make().run(work, { signal: stop.signal });
  };

  const answers = [await told(late()), await told(late()), await told(make().run(works))];

  expect(answers).toEqual(["ended", "ended", "CIRCUIT_OPEN"]);
});

test("a caller who went away before begins nothing", async () => {
  const { make } = world();

  const answer = told(make().run(works, { signal: AbortSignal.abort(new Error("gone")) }));

  expect(await answer).toBe("gone");
});

test("faults that are the caller's own are no failures of the dependency", async () => {
  const { make } = world({ classify: () => ({ class: "fatal", code: "BAD", effect: "none" }) });

  const answers = [];
  for (let call = 0; call < 3; call++) answers.push(await told(make().run(fails)));

  expect(answers).toEqual(["down", "down", "down"]);
});

test.for([
  ["refused", "none", "up"],
  ["may have landed", "unknown", "CIRCUIT_OPEN"],
] as const)("a transient fault that %s", async ([, effect, then]) => {
  const { make } = world({ classify: () => ({ class: "transient", code: "BLIP", effect }) });

  await told(make().run(fails));
  await told(make().run(fails));

  expect(await told(make().run(works))).toBe(then);
});

test("who named a time to come back is not probed before", async () => {
  const fault = { class: "degraded", code: "BUSY", effect: "none", retryAfterMs: 90_000 } as const;
  const { make, events } = world({ classify: () => fault, failures: 1 });

  await told(make().run(fails));

  expect(events).toEqual([{ type: "breaker.opened", policy: "store", pauseMs: 90_000, fault }]);
});

test("what is kept and cannot be read counts as closed, and is replaced", async () => {
  const { make, state, clock } = world({ failures: 1 });
  await state.writeState({ key: breakerKey("store"), value: "?", atMs: clock.now() });

  const answers = [await told(make().run(fails)), await told(make().run(works))];

  expect(answers).toEqual(["down", "CIRCUIT_OPEN"]);
});

test("a store that fails keeps work from beginning, and changes nothing about how it ended", async () => {
  const { state, clock } = world();
  let isBroken = false;
  const breaking = {
    readState: (key: string) =>
      isBroken ? Promise.reject(new JournalError("full")) : state.readState(key),
    readStates: state.readStates.bind(state),
    writeState: state.writeState.bind(state),
  };
  const breaker = sharedBreaker("store", breaking, { clock });
  const breaks = () => {
    isBroken = true;
    return "done";
  };

  const answers = [await told(breaker.run(breaks)), await told(breaker.run(works))];

  expect(answers).toEqual(["done", "JOURNAL_FAILED"]);
});

test.for([
  ["an empty name", "", {}],
  ["no failures", "store", { failures: 0 }],
  ["an unknown option", "store", { window: 3 }],
] as const)("%s is refused at once", ([, name, options]) => {
  const { state } = world();

  expect(() => sharedBreaker(name, state, options as SharedBreakerOptions)).toThrow(
    "sharedBreaker",
  );
});
