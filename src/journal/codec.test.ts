import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "./codec.ts";

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value, "value"));

/** Text of any 16-bit units, so also with halves of surrogate pairs. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));
const anyKey = fc.oneof(
  anyText,
  fc.constantFrom("__proto__", "$holdfast", "constructor", "toJSON", "length", "0", ""),
);
const anyBytes = fc.uint8Array({ maxLength: 20 });

function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(entries);
}

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    anyText,
    fc.double(),
    fc.integer(),
    fc.constantFrom<unknown>(null, undefined, true, false, -0, Number.NaN, Infinity, -Infinity),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    anyBytes.map((bytes) => new Uint8Array(bytes)),
    anyBytes.map((bytes) => Buffer.from(bytes)),
    anyBytes.map((bytes) => new Uint8Array(bytes).buffer),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(anyKey, tie("value")), { maxLength: 5 }).map(objectOf),
    fc
      .array(fc.tuple(anyKey, tie("value")), { maxLength: 5 })
      .map((entries) => Object.setPrototypeOf(objectOf(entries), null) as object),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 5 }).map((pairs) => new Map(pairs)),
    fc.array(tie("value"), { maxLength: 5 }).map((members) => new Set(members)),
  ),
}));

test("whatever may be journaled comes back as it was", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(isDeepStrictEqual(roundTrip(value), value)).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});

test("what is written is JSON that UTF-8 can hold", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = encodeValue(value, "value");

      expect([text.isWellFormed(), JSON.stringify(JSON.parse(text))]).toEqual([true, text]);
    }),
    { numRuns: 1_000 },
  );
});

test.for<[value: unknown, text: string]>([
  [{ a: [1, "x", null, true] }, '{"a":[1,"x",null,true]}'],
  [undefined, '{"$holdfast":["undefined"]}'],
  [new Date(0), '{"$holdfast":["date",0]}'],
  [10n, '{"$holdfast":["bigint","10"]}'],
  [new Set([1]), '{"$holdfast":["set",[1]]}'],
  [new Map([["a", 1]]), '{"$holdfast":["map",[["a",1]]]}'],
  [Uint8Array.of(1, 2), '{"$holdfast":["bytes","AQI="]}'],
  [-0, '{"$holdfast":["number","-0"]}'],
  [{ $holdfast: ["date", 0] }, '{"$holdfast":["object",[["$holdfast",["date",0]]]]}'],
])("%o is written as %s: files that exist must stay readable", ([value, text]) => {
  expect(encodeValue(value, "value")).toBe(text);
});

test("a key __proto__ is a key and nothing more", () => {
  const value = JSON.parse('{"__proto__": {"isAdmin": true}}') as object;

  const back = roundTrip(value) as Record<string, unknown>;

  expect([isDeepStrictEqual(back, value), back["isAdmin"], Object.getPrototypeOf(back)]).toEqual([
    true,
    undefined,
    Object.prototype,
  ]);
});

test("bytes that are part of a larger memory are written alone", () => {
  const memory = Uint8Array.of(1, 2, 3, 4, 5).buffer;

  expect(roundTrip(new Uint8Array(memory, 1, 2))).toStrictEqual(Uint8Array.of(2, 3));
  expect((roundTrip(Uint8Array.of(7)) as Uint8Array).buffer.byteLength).toBe(1);
});

test("an object that stands in two places, but not within itself, is no cycle", () => {
  const shared = { a: 1 };

  expect(roundTrip([shared, { shared }])).toStrictEqual([{ a: 1 }, { shared: { a: 1 } }]);
});

class Account {
  id = 1;
}

const cycle: { list: unknown[] } = { list: [] };
cycle.list.push({ back: cycle });

test.for<[kind: string, value: unknown, problem: string]>([
  ["a function", () => 1, "it is a function"],
  ["a symbol", Symbol("x"), "it is a symbol"],
  ["a class instance", { a: { b: [0, 1, 2, new Account()] } }, 'at "a.b[3]" stands an Account'],
  ["a promise", [Promise.resolve()], 'at "[0]" stands a Promise'],
  ["a WeakMap", { a: new WeakMap() }, 'at "a" stands a WeakMap'],
  ["a RegExp", { a: /x/ }, 'at "a" stands a RegExp'],
  ["an Error", new Error("x"), "it is an Error"],
  ["a boxed number", new Number(1), "it is a Number"],
  ["other numbers in a row", { a: new Float64Array(1) }, 'at "a" stands a Float64Array'],
  ["a subclass", new (class Days extends Date {})(), "it is a Days"],
  ["an array of a subclass", new (class Rows extends Array {})(), "it is an array"],
  ["a borrowed prototype", { a: Object.create(Map.prototype) as object }, 'at "a" stands a Map'],
  ["a cycle", cycle, 'at "list[0].back" stands an object that contains itself'],
  [
    "a getter",
    {
      get now() {
        return 1;
      },
    },
    'at "now" stands an accessor',
  ],
  [
    "a getter in an array",
    Object.defineProperty([1], 0, { get: () => 1 }),
    'at "[0]" stands an accessor',
  ],
  [
    "a hidden property",
    Object.defineProperty({}, "a", { value: 1 }),
    'at "a" stands a hidden property',
  ],
  [
    "a symbol as key",
    { a: { [Symbol("x")]: 1 } },
    'at "a" stands an object with a symbol for a key',
  ],
  ["a hole", { a: [1, , 3] }, 'at "a[1]" stands a hole'], // oxlint-disable-line no-sparse-arrays
  ["a match", "ab".match(/a/), 'it is an array with the property "index"'],
  [
    "a date with more",
    Object.assign(new Date(0), { zone: "x" }),
    'it is a Date with the property "zone"',
  ],
  [
    "a map with more",
    Object.assign(new Map(), { size2: 1 }),
    'it is a Map with the property "size2"',
  ],
  ["a set with more", Object.assign(new Set(), { a: 1 }), 'it is a Set with the property "a"'],
  [
    "a buffer with more",
    Object.assign(new ArrayBuffer(1), { a: 1 }),
    'it is an ArrayBuffer with the property "a"',
  ],
  [
    "a map's key",
    {
      m: new Map([
        [1, 1],
        [Account, 2],
      ] as [unknown, unknown][]),
    },
    'at "m.keys()[1]" stands a function',
  ],
  ["a map's value", { m: new Map([[1, Account]]) }, 'at "m.values()[0]" stands a function'],
  ["a set's member", new Set([1, Account]), 'at "values()[1]" stands a function'],
  ["an odd key", { "x y": { "1": Account } }, 'at "["x y"]["1"]" stands a function'],
  ["another realm's object", runInNewContext("({})"), "it is an object"],
])("%s is refused by its place", ([, value, problem]) => {
  expect(() => encodeValue(value, 'The value of step "a"')).toThrow(
    expect.objectContaining({
      code: "VALUE_NOT_STORABLE",
      message: `The value of step "a" cannot be journaled: ${problem}`,
    }),
  );
});

test("a long way to the place is cut", () => {
  const value = { ["k".repeat(500)]: Account };

  expect(() => encodeValue(value, "value")).toThrow(`at "${"k".repeat(199)}…" stands a function`);
});

/** `value` inside so many arrays. */
function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

test("a hundred levels are written, and one more is refused", () => {
  expect(roundTrip(nested(100))).toStrictEqual(nested(100));
  expect(() => encodeValue(nested(101), "value")).toThrow("it is nested more than 100 deep");
});

const TOO_LARGE =
  "value cannot be journaled: it takes more than 1 MB; keep the data in a file or an object store, and return its name";

test.for<[kind: string, value: unknown]>([
  ["text", "x".repeat(999_999)],
  ["text of two bytes a sign", "é".repeat(500_000)],
  ["a key", { ["x".repeat(1_000_000)]: 1 }],
  ["bytes", new Uint8Array(1_000_001)],
  ["more bytes than any text can hold", new Uint8Array(2 ** 29)],
  ["bytes that grow when written", new Uint8Array(800_000)],
  ["many small members", Array.from({ length: 500_000 }, () => 1)],
])("%s over a megabyte is refused, with what to do instead", ([, value]) => {
  expect(() => encodeValue(value, "value")).toThrow(TOO_LARGE);
});

test("a megabyte to the byte is written", () => {
  const value = "x".repeat(999_998);

  expect(roundTrip(value)).toBe(value);
});

test("a graph that would grow without end when written out is refused soon", () => {
  const twice = (depth: number): unknown => {
    let value: unknown = [];
    for (let level = 0; level < depth; level++) value = [value, value];
    return value;
  };

  expect(() => encodeValue(twice(60), "value")).toThrow(TOO_LARGE);
});

test("the limit can be set", () => {
  const encode = (maxBytes: number): string => encodeValue("abc", "value", { maxBytes });

  expect(encode(5)).toBe('"abc"');
  expect(() => encode(4)).toThrow("it takes more than 4 B");
});

test.for([
  ["cut off", '{"a":'],
  ["of an unknown kind", '{"$holdfast":["temporal","2026-11-22"]}'],
  ["of no kind", '{"$holdfast":null}'],
  ["of a wrong content", '{"$holdfast":["bigint","x"]}'],
] as const)("text that is %s is an error of the journal", ([, text]) => {
  expect(() => decodeValue(text)).toThrow(
    expect.objectContaining({
      code: "JOURNAL_FAILED",
      message: expect.stringContaining("A value in the journal cannot be read: "),
    }),
  );
});
