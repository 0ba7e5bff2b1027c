/** Isolation: one switch for many breakers, and handles that are counted. */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  breaker,
  breakerControl,
  breakers,
  CircuitOpenError,
  OptionsError,
  retry,
  pipeline,
  type Breaker,
  type BreakerControl,
  type BreakerOptions,
  type EventDetails,
  type Isolation,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { status: 503 });

const fail = (circuit: Breaker): Promise<unknown> =>
  circuit.run(() => Promise.reject(down())).catch((reason: unknown) => reason);

/** A breaker with its clock and all that it tells. */
function told(options: BreakerOptions = {}) {
  const clock = new VirtualClock();
  const types: string[] = [];
  const on = ({ type }: EventDetails): void => void types.push(type);
  return { clock, types, circuit: breaker("bank", { failures: 2, clock, on, ...options }) };
}

const standing = ({ state, admits, retryAfterMs, isIsolated }: Breaker) => ({
  state,
  admits,
  retryAfterMs,
  isIsolated,
});

const ISOLATED = { state: "open", admits: false, retryAfterMs: Infinity, isIsolated: true };
const CLOSED = { state: "closed", admits: true, retryAfterMs: 0, isIsolated: false };

test("isolated it refuses every call until all of its isolations are released", async () => {
  const { circuit, types } = told();

  const first = circuit.isolate();
  const second = circuit.isolate();
  const refused = await fail(circuit);
  first.release();
  first.release();
  const between = standing(circuit);
  second.release();

  expect(refused).toBeInstanceOf(CircuitOpenError);
  expect(refused).toMatchObject({ message: 'Circuit "bank" is held open', retryAfterMs: Infinity });
  expect([between, standing(circuit)]).toEqual([ISOLATED, CLOSED]);
  expect(types).toEqual(["breaker.isolated", "breaker.rejected", "breaker.released"]);
});

test("an isolation that is disposed of is released, and another may follow", async () => {
  const { circuit, types } = told();
  {
    using _isolation = circuit.isolate();
    expect(standing(circuit)).toEqual(ISOLATED);
  }
  const between = await circuit.run(() => "done");
  using _again = circuit.isolate();

  expect([between, standing(circuit)]).toEqual(["done", ISOLATED]);
  expect(types).toEqual(["breaker.isolated", "breaker.released", "breaker.isolated"]);
});

test("one control isolates all breakers that were given it, and those that are made later", async () => {
  const types: [string, string][] = [];
  const control = breakerControl("data centre", {
    on: (event) => types.push([event.type, "policy" in event ? (event.policy ?? "") : ""]),
  });
  const clock = new VirtualClock();
  const bank = breaker("bank", { control, clock });
  const slow = breaker("slow", { control, clock, window: { calls: 5, slow: "1s" } });
  const hosts = breakers("host", { control, clock });
  const early = hosts.for("a");
  const other = breaker("other", { clock });

  const isolation = control.isolate();
  const isolated = [bank, slow, early, hosts.for("b"), breaker("late", { control })].map(standing);
  const refused = await Promise.all([bank, slow, early, hosts.for("b")].map(fail));
  const others = [standing(other), control.isIsolated, control.name];
  isolation.release();
  const released = [bank, slow, early, hosts.for("b")].map(standing);

  expect(isolated).toEqual(Array.from({ length: 5 }, () => ISOLATED));
  expect(refused.map((error) => error instanceof CircuitOpenError)).toEqual(Array(4).fill(true));
  expect([others, control.isIsolated]).toEqual([[CLOSED, true, "data centre"], false]);
  expect(released).toEqual(Array.from({ length: 4 }, () => CLOSED));
  expect(types).toEqual([
    ["breaker.isolated", "data centre"],
    ["breaker.released", "data centre"],
  ]);
});

test("under a control that isolates nobody it is a breaker like any other", async () => {
  const control = breakerControl("data centre");
  const { circuit, clock } = told({ control });

  await fail(circuit);
  await fail(circuit);
  const opened = standing(circuit);
  await clock.advance("30s");
  await circuit.run(() => "done");

  expect([opened, standing(circuit)]).toMatchObject([{ retryAfterMs: 30_000 }, CLOSED]);
});

test("under a control it still reads no clock while it is closed", async () => {
  const { circuit, clock } = told({ control: breakerControl("data centre") });
  let reads = 0;
  clock.elapsed = () => reads++;

  await circuit.run(() => "done");

  expect(reads).toBe(0);
});

test("whatever is done with it by hand meanwhile, it stays isolated, and goes on from there", async () => {
  const { circuit } = told();
  const isolation = circuit.isolate();
  const deeds = [
    () => circuit.close(),
    () => circuit.halfOpen(),
    () => circuit.hold("off"),
    () => circuit.restore({ state: "closed" }),
    () => circuit.open(),
  ];

  const stood = deeds.map((deed) => (deed(), standing(circuit)));
  isolation.release();

  expect(stood).toEqual(deeds.map(() => ISOLATED));
  expect(standing(circuit)).toMatchObject({ state: "open", retryAfterMs: 30_000 });
});

test("what it knew before it was isolated it knows after, and its pause goes on meanwhile", async () => {
  const { circuit, clock } = told();
  const ticket = circuit.admit();
  await fail(circuit);
  const isolation = circuit.isolate();
  const held = circuit.status();
  const snapshot = circuit.snapshot();

  circuit.failed(ticket, down());
  await clock.advance("10s");
  isolation.release();

  expect([held, snapshot]).toMatchObject([
    { state: "open", held: "open", retryAfterMs: Infinity, failures: 1 },
    { state: "closed", failures: 1 },
  ]);
  expect(standing(circuit)).toMatchObject({ state: "open", retryAfterMs: 20_000 });
});

test("a refusal in isolation has no failure for a cause, and one after it has", async () => {
  const { circuit } = told({ failures: 1 });
  const failure = down();
  await circuit.run(() => Promise.reject(failure)).catch(() => {});

  const isolation = circuit.isolate();
  const isolated = await fail(circuit);
  isolation.release();

  expect([isolated, await fail(circuit)]).toMatchObject([{ cause: undefined }, { cause: failure }]);
});

test("R10 a retry outside stops at once: waiting alone never helps", async () => {
  const { circuit, clock } = told();
  using _isolation = circuit.isolate();

  const running = clock.settle(() => pipeline(retry({ clock }), circuit).run(() => "never"));

  await expect(running).rejects.toThrow(CircuitOpenError);
  expect([clock.elapsed(), circuit.status().totals.rejected]).toEqual([0, 1]);
});

test("an isolated breaker is not forgotten for want of room, and stands among those not closed", () => {
  const hosts = breakers("host", { max: 2 });
  const isolation = hosts.for("a").isolate();

  for (const key of ["b", "c", "d"]) hosts.for(key);
  const isolated = [[...hosts.notClosed().keys()], standing(hosts.for("a"))];
  isolation.release();
  for (const key of ["b", "c", "d"]) hosts.for(key);

  expect(isolated).toEqual([["a"], ISOLATED]);
  expect([...hosts.notClosed().keys(), ...Object.keys(hosts.snapshot())]).toEqual([]);
});

test("all breakers of a control that isolates stand among those not closed", async () => {
  const control = breakerControl("data centre");
  const hosts = breakers("host", { control, failures: 1, clock: new VirtualClock() });
  await fail(hosts.for("a"));
  hosts.for("b");
  const keys = (): string[] => [...hosts.notClosed().keys()].toSorted();

  const before = keys();
  using _isolation = control.isolate();

  expect([before, keys()]).toEqual([["a"], ["a", "b"]]);
});

test("handles are counted, whoever holds them and however often they are released", () => {
  const clock = new VirtualClock();
  const step = fc.record({
    who: fc.constantFrom("control", "a", "b"),
    isHeld: fc.boolean(),
    which: fc.nat({ max: 5 }),
  });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const control = breakerControl("all");
      const [a, b] = [breaker("a", { control, clock }), breaker("b", { control, clock })];
      const parts: Record<string, BreakerControl> = { control, a, b };
      const held: { who: string; isolation: Isolation; isReleased: boolean }[] = [];
      for (const { who, isHeld, which } of steps) {
        const part = parts[who] as BreakerControl;
        const one = held[which];
        if (isHeld) held.push({ who, isolation: part.isolate(), isReleased: false });
        else if (one !== undefined) {
          one.isReleased = true;
          one.isolation.release();
        }
        const isHeldBy = (...names: string[]): boolean =>
          held.some((each) => names.includes(each.who) && !each.isReleased);
        expect([control, a, b].map(({ isIsolated }) => isIsolated)).toEqual([
          isHeldBy("control"),
          isHeldBy("control", "a"),
          isHeldBy("control", "b"),
        ]);
        expect([a.admits, b.admits]).toEqual([
          !isHeldBy("control", "a"),
          !isHeldBy("control", "b"),
        ]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test.for<[message: string, make: () => unknown]>([
  ["breakerControl.name: expected", () => breakerControl("")],
  ["breakerControl.onn: unknown", () => breakerControl("all", { onn: () => {} } as never)],
  [
    "breaker.control: expected an object with isolate()",
    () => breaker("bank", { control: {} as never }),
  ],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(message);
});

test("a control and its isolations are frozen", () => {
  const control = breakerControl("all");

  expect([control, control.isolate()].map((part) => Object.isFrozen(part))).toEqual([true, true]);
});
