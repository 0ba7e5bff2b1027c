import { expect, test } from "vitest";
import {
  breakers,
  CircuitOpenError,
  OptionsError,
  type Breakers,
  type EventDetails,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { status: 503 });

const fail = (hosts: Breakers, key: string): Promise<unknown> =>
  hosts
    .for(key)
    .run(() => Promise.reject(down()))
    .catch((reason: unknown) => reason);

test("each key has its own, and keeps it", async () => {
  const told: EventDetails[] = [];
  const hosts = breakers("host", {
    failures: 1,
    clock: new VirtualClock(),
    on: (event) => told.push(event),
  });

  await fail(hosts, "a");
  const refused = await fail(hosts, "a");

  expect(refused).toBeInstanceOf(CircuitOpenError);
  expect(refused).toMatchObject({ message: 'Circuit "host/a" is open for another 30000 ms' });
  expect([hosts.name, hosts.for("a").name, hosts.for("a") === hosts.for("a"), hosts.size]).toEqual([
    "host",
    "host/a",
    true,
    1,
  ]);
  expect([hosts.for("a").state, hosts.for("b").state]).toEqual(["open", "closed"]);
  expect(told.map((event) => "policy" in event && event.policy)).toEqual(["host/a", "host/a"]);
});

/** Which of the keys are still kept: their totals are not those of a new one. */
const kept = (hosts: Breakers, keys: readonly string[]): string =>
  keys.filter((key) => hosts.for(key).status().totals.succeeded > 0).join("");

const use = async (hosts: Breakers, keys: string): Promise<void> => {
  for (const key of keys) await hosts.for(key).run(() => "done");
};

test("past the bound, of those that know nothing the one used longest ago goes", async () => {
  const hosts = breakers("host", { max: 3 });

  await use(hosts, "abcad");

  expect([hosts.size, kept(hosts, ["d", "a", "c"])]).toEqual([3, "dac"]);
});

test("what knows nothing goes before what failed or is open, however long ago that was used", async () => {
  const hosts = breakers("host", { max: 3, failures: 2 });
  await use(hosts, "abc");
  await fail(hosts, "a");
  await fail(hosts, "b");
  await fail(hosts, "b");

  await use(hosts, "defgh");

  expect([hosts.size, Object.keys(hosts.snapshot()), kept(hosts, ["a", "b", "h"])]).toEqual([
    3,
    ["a", "b"],
    "abh",
  ]);
});

test("where all the others know something, the one used longest ago goes", async () => {
  const hosts = breakers("host", { max: 3, failures: 1 });
  for (const key of ["a", "b", "c"]) await fail(hosts, key);
  hosts.for("a");

  hosts.for("d");

  expect([hosts.size, [...hosts.notClosed().keys()]]).toEqual([3, ["c", "a"]]);
});

test("one that recovered knows nothing again", async () => {
  const hosts = breakers("host", { max: 2, failures: 2 });
  await fail(hosts, "a");
  await fail(hosts, "b");

  await use(hosts, "a");
  hosts.for("c");

  expect([hosts.size, Object.keys(hosts.snapshot())]).toEqual([2, ["b"]]);
});

test.for<[name: string, window: object]>([
  ["failures", { calls: 5 }],
  ["slow calls", { time: "1m", slow: 0 }],
])(
  "one with %s in its window knows something, though the last call was good",
  async ([name, window]) => {
    const clock = new VirtualClock();
    const hosts = breakers("host", { max: 2, window, clock });
    if (name === "failures") await fail(hosts, "a");
    else await clock.settle(() => hosts.for("a").run(() => clock.sleep(5)));
    await use(hosts, "a");

    hosts.for("b");
    hosts.for("c");

    expect(Object.keys(hosts.snapshot())).toEqual(["a"]);
  },
);

test("one that is held knows something", () => {
  const hosts = breakers("host", { max: 2 });
  hosts.for("a").hold("off");

  hosts.for("b");
  hosts.for("c");

  expect(hosts.snapshot()).toEqual({ a: { state: "closed", held: "off", failures: 0 } });
});

test("a call that ends after its breaker was forgotten changes nothing that is kept", async () => {
  const hosts = breakers("host", { max: 1, failures: 1 });
  const { promise, reject } = Promise.withResolvers<never>();
  const running = hosts
    .for("a")
    .run(() => promise)
    .catch((error: unknown) => error);

  hosts.for("b");
  reject(down());
  await running;

  expect([hosts.size, hosts.notClosed().size, hosts.for("a").state]).toEqual([1, 0, "closed"]);
});

test("those that are not closed are listed, as a copy", async () => {
  const clock = new VirtualClock();
  const hosts = breakers("host", { failures: 1, clock });
  await fail(hosts, "a");
  await clock.advance("30s");
  void hosts.for("a").run(() => new Promise(() => {}));
  await fail(hosts, "b");
  hosts.for("c");
  hosts.for("d").hold("closed");

  const list = hosts.notClosed();
  hosts.for("b").close();

  expect([...list].map(([key, { state }]) => `${key} ${state}`)).toEqual([
    "a half-open",
    "b closed",
  ]);
});

test("all that they know is kept over a restart", async () => {
  const clock = new VirtualClock();
  const hosts = breakers("host", { failures: 2, clock });
  await fail(hosts, "__proto__");
  await fail(hosts, "b");
  await fail(hosts, "b");
  hosts.for("c");
  await clock.advance("10s");

  const saved = JSON.parse(JSON.stringify(hosts.snapshot())) as ReturnType<Breakers["snapshot"]>;
  const later = breakers("host", { failures: 2, clock: new VirtualClock() });
  later.restore(saved);

  expect([
    later.size,
    later.for("b").retryAfterMs,
    later.for("__proto__").status().failures,
  ]).toEqual([2, 20_000, 1]);
  expect(later.snapshot()).toEqual(saved);
});

test("from what is no snapshot nothing is restored", () => {
  const hosts = breakers("host");

  expect(() => hosts.restore({ a: { state: "open" }, b: { state: "ajar" } } as never)).toThrow(
    "breakers.restore.b.state: expected",
  );
  expect(() => hosts.restore(undefined as never)).toThrow("breakers.restore: expected an object");
  expect(hosts.size).toBe(0);
});

test("a check is told the key that it is for", async () => {
  const clock = new VirtualClock();
  const keys: string[] = [];
  const hosts = breakers("host", { failures: 1, clock, probe: (_, key) => keys.push(key) });
  await fail(hosts, "api.example");
  await clock.advance("30s");

  await use(hosts, ["api.example"] as never);

  expect(keys).toEqual(["api.example"]);
});

test.for<[message: string, mistake: () => unknown]>([
  ["breakers.name: expected a name", () => breakers(undefined as never)],
  ["breakers.max: expected an integer", () => breakers("host", { max: 0 })],
  ["breakers.maximum: unknown", () => breakers("host", { maximum: 3 } as never)],
  [
    "breakers.failures: counts failures in a row",
    () => breakers("host", { failures: 1, window: { calls: 1 } }),
  ],
  ["breakers.for.key: expected text", () => breakers("host").for("")],
  ["breakers.for.key: expected a key", () => breakers("host").for(undefined as never)],
])("refuses with %s", ([message, mistake]) => {
  expect(mistake).toThrow(message);
  expect(mistake).toThrow(OptionsError);
});

test("they are frozen, and their state is not", async () => {
  const hosts = breakers("host", { failures: 1 });

  await fail(hosts, "a");

  expect([Object.isFrozen(hosts), Object.isFrozen(hosts.for("a")), hosts.for("a").state]).toEqual([
    true,
    true,
    "open",
  ]);
});

test("an empty key in what is restored leaves all as they were", () => {
  const hosts = breakers("host");
  const open = { state: "open", openings: 1, pauseMs: 1_000, pauseLeftMs: 1_000 } as const;

  expect(() => hosts.restore({ a: open, "": open })).toThrow(OptionsError);
  expect(hosts.notClosed().size).toBe(0);
});
