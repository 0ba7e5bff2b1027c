import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import {
  callable,
  duration,
  flag,
  group,
  integer,
  list,
  number,
  oneOf,
  part,
  readOptions,
  record,
  required,
  text,
  type Reader,
} from "./options.ts";

test("options are read by their readers, frozen, and undefined means the default", () => {
  const readers = { attempts: integer({ min: 1, default: 4 }), name: text({ default: "retry" }) };

  const settled = readOptions("retry", { attempts: 2, name: undefined }, readers);

  expect(settled).toEqual({ attempts: 2, name: "retry" });
  expect(Object.isFrozen(settled)).toBe(true);
});

test("an unknown name is refused with the known ones", () => {
  const readers = { attempts: integer({ min: 1, default: 4 }), name: text({ default: "retry" }) };

  expect(() => readOptions("retry", { retries: 3 }, readers)).toThrow(
    "retry.retries: unknown; known are attempts, name",
  );
  expect(() => readOptions("retry", { toString: 3 }, readers)).toThrow("retry.toString: unknown");
});

test("what everything inherits is no option", () => {
  const inherited: object = Object.create({ attempts: 9 });

  expect(readOptions("retry", inherited, { attempts: integer({ min: 1, default: 4 }) })).toEqual({
    attempts: 4,
  });
});

test.for<[what: string, input: object]>([
  ["of another realm", runInNewContext("({ attempts: 3 })") as object],
  ["without a prototype", Object.assign(Object.create(null) as object, { attempts: 3 })],
  ["on top of another", Object.assign(Object.create({ a: 1 }) as object, { attempts: 3 })],
])("options may be an object %s", ([, input]) => {
  const readers = { attempts: integer({ min: 1, default: 4 }) };

  expect(readOptions("retry", input, readers)).toEqual({ attempts: 3 });
});

test("an option that everything inherits from Object is not taken from there", () => {
  const readers = { constructor: callable({ default: "none" }) };

  expect(readOptions("odd", {}, readers)).toEqual({ constructor: "none" });
});

class Settings {
  attempts = 3;
}

test.for([
  [null],
  [5],
  ["text"],
  [[]],
  [() => 1],
  [undefined],
  [new Map([["attempts", 3]])],
  [Promise.resolve({ attempts: 3 })],
  [new Settings()],
  [new (class extends Settings {})()],
  [Object.create(new Settings())],
])("%o is no options", ([input]) => {
  expect(() => readOptions("retry", input, {})).toThrow(
    "retry: expected an object with options, received",
  );
});

const SEVEN = { default: 7 };

const ACCEPTED: [what: string, reader: Reader<unknown>, value: unknown, settled: unknown][] = [
  ["integer", integer({ min: 1, ...SEVEN }), 1, 1],
  ["integer", integer({ min: 1, ...SEVEN }), Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ["integer", integer({ min: 1, max: 3, ...SEVEN }), 3, 3],
  ["integer", integer({ min: 1, orInfinity: true, ...SEVEN }), Infinity, Infinity],
  ["number", number({ min: 0, max: 1, ...SEVEN }), 0, 0],
  ["number", number({ min: 0, max: 1, ...SEVEN }), 1, 1],
  ["duration", duration(SEVEN), "1m30s", 90_000],
  ["duration", duration(SEVEN), 0, 0],
  ["duration", duration({ min: 5, ...SEVEN }), 5, 5],
  ["duration", duration({ orInfinity: true, ...SEVEN }), Infinity, Infinity],
  ["callable", callable(SEVEN), Math.abs, Math.abs],
  ["flag", flag(SEVEN), false, false],
  ["text", text(SEVEN), " ", " "],
  ["oneOf", oneOf(["a", "b"], SEVEN), "b", "b"],
  ["list", list(text({ default: "" }), SEVEN), ["a"], ["a"]],
  ["record", record(integer({ min: 0, default: 0 }), SEVEN), { a: 1 }, { a: 1 }],
  ["required", required(text({ default: undefined }), "a name"), "a", "a"],
];

test.for(ACCEPTED)("%s takes %3$o", ([, reader, value, settled]) => {
  expect(reader(value, "x")).toEqual(settled);
});

const DEFAULTED: [what: string, reader: Reader<unknown>][] = [
  ["integer", integer({ min: 1, ...SEVEN })],
  ["number", number({ min: 0, max: 1, ...SEVEN })],
  ["duration", duration(SEVEN)],
  ["callable", callable(SEVEN)],
  ["part", part<{ now(): number }, number>({ methods: ["now"], ...SEVEN })],
  ["flag", flag(SEVEN)],
  ["text", text(SEVEN)],
  ["oneOf", oneOf(["a"], SEVEN)],
  ["list", list(text({ default: "" }), SEVEN)],
  ["record", record(text({ default: "" }), SEVEN)],
];

test.for(DEFAULTED)("%s has its default for undefined, and refuses null", ([, reader]) => {
  expect(reader(undefined, "x")).toBe(7);
  expect(() => reader(null, "x")).toThrow("received null");
});

const clockLike = part<{ now(): number; sleep(): void }, undefined>({
  methods: ["now", "sleep"],
  default: undefined,
});

const REFUSED: [reader: Reader<unknown>, value: unknown, message: string][] = [
  [integer({ min: 1, ...SEVEN }), 0, "x: expected an integer >= 1, received 0"],
  [integer({ min: 1, ...SEVEN }), 1.5, "x: expected an integer >= 1, received 1.5"],
  [integer({ min: 1, ...SEVEN }), "2", 'x: expected an integer >= 1, received "2"'],
  [integer({ min: 1, ...SEVEN }), Infinity, "x: expected an integer >= 1, received Infinity"],
  [
    integer({ min: 1, ...SEVEN }),
    2 ** 53,
    "x: expected an integer >= 1, received 9007199254740992",
  ],
  [integer({ min: 1, max: 3, ...SEVEN }), 4, "x: expected an integer >= 1 and <= 3, received 4"],
  [
    integer({ min: 0, orInfinity: true, ...SEVEN }),
    NaN,
    "x: expected an integer >= 0, or Infinity, received NaN",
  ],
  [number({ min: 0, max: 1, ...SEVEN }), 1.1, "x: expected a number from 0 to 1, received 1.1"],
  [number({ min: 0, max: 1, ...SEVEN }), NaN, "x: expected a number from 0 to 1, received NaN"],
  [
    duration(SEVEN),
    "2 s",
    'x: expected a duration such as "250ms", "2s" or "1m30s", received "2 s"',
  ],
  [
    duration({ min: 5, ...SEVEN }),
    4,
    'x: expected a duration such as "250ms", "2s" or "1m30s", at least 5 ms, received 4',
  ],
  [
    duration(SEVEN),
    Infinity,
    'x: expected a duration such as "250ms", "2s" or "1m30s", received Infinity',
  ],
  [
    duration({ orInfinity: true, ...SEVEN }),
    -1,
    'x: expected a duration such as "250ms", "2s" or "1m30s", or Infinity, received -1',
  ],
  [callable(SEVEN), {}, "x: expected a function, received an object"],
  [clockLike, { now: () => 1 }, "x: expected an object with now(), sleep(), received an object"],
  [clockLike, 5, "x: expected an object with now(), sleep(), received 5"],
  [flag(SEVEN), "true", 'x: expected true or false, received "true"'],
  [text(SEVEN), "", 'x: expected text that is not empty, received ""'],
  [oneOf(["a", "b"], SEVEN), "c", 'x: expected "a", "b", received "c"'],
  [list(text(SEVEN), SEVEN), ["a", 5], "x[1]: expected text that is not empty, received 5"],
  [list(text(SEVEN), SEVEN), "a", 'x: expected an array, received "a"'],
  [record(text(SEVEN), SEVEN), { a: 5 }, "x.a: expected text that is not empty, received 5"],
  [record(text(SEVEN), SEVEN), [], "x: expected an object, received an array"],
  [record(text(SEVEN), SEVEN), new Map(), "x: expected an object, received a Map"],
  [group({ a: text(SEVEN) }), null, "x: expected an object with options, received null"],
  [group({ a: text(SEVEN) }), { b: 1 }, "x.b: unknown; known are a"],
  [required(text(SEVEN), "a name"), undefined, "x: expected a name, received undefined"],
];

test.for(REFUSED)("refused: %2$o", ([reader, value, message]) => {
  expect(() => reader(value, "x")).toThrow(
    expect.objectContaining({ code: "OPTIONS_INVALID", message }),
  );
});

test("a part is handed on as it is, methods of its class included", () => {
  class Watch {
    now(): number {
      return 1;
    }
  }
  const watch = new Watch();

  expect(part<Watch, undefined>({ methods: ["now"], default: undefined })(watch, "x")).toBe(watch);
});

test("the environment can be read, which is an object of a class", () => {
  const read = record((value) => value, { default: {} });

  expect(read(process.env, "env")).toEqual({ ...process.env });
});

test("a group left out takes all of its defaults", () => {
  const read = group({ a: integer({ min: 0, default: 1 }), b: flag({ default: true }) });

  expect([read(undefined, "x"), read({ a: 2 }, "x")]).toEqual([
    { a: 1, b: true },
    { a: 2, b: true },
  ]);
});

test("lists and records are copies that nobody can change", () => {
  const given = { names: ["a"], counts: { a: 1 } };
  const settled = readOptions("x", given, {
    names: list(text({ default: "" }), { default: undefined }),
    counts: record(integer({ min: 0, default: 0 }), { default: undefined }),
  });

  given.names.push("b");
  given.counts.a = 2;

  expect(settled).toEqual({ names: ["a"], counts: { a: 1 } });
  expect([Object.isFrozen(settled.names), Object.isFrozen(settled.counts)]).toEqual([true, true]);
});
