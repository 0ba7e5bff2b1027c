import fc from "fast-check";
import { expect, test } from "vitest";
import { redactor } from "./redact.ts";

const plain = redactor();

test("a long text is cut before it is looked at, and shows no part of a secret at the cut", () => {
  const text = "correct-horse-battery";
  const shown = redactor({ secrets: [text] }).value("x".repeat(31_990) + text);

  expect(shown).toBe(`${"x".repeat(31_990)}***…`);
});

test("whatever is copied comes out as plain data", () => {
  class Point {
    x = 1;
  }
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const shared = { a: 1 };
  const input = {
    circle,
    twice: [shared, shared],
    map: new Map<unknown, unknown>([
      ["a", 1],
      [2, "b"],
      [{}, 3],
    ]),
    set: new Set([1, "a"]),
    date: new Date(0),
    noDate: new Date(Number.NaN),
    big: 10n,
    bytes: [new Uint8Array(3), new ArrayBuffer(2)],
    run: () => 1,
    symbol: Symbol("s"),
    numbers: [Number.NaN, Infinity, -0, 1.5],
    nothing: [undefined, null],
    left: undefined,
    lone: "\ud800",
    pattern: /x/g,
    url: new URL("https://user:pass@h/"),
    promise: Promise.resolve(),
    point: new Point(),
    json: { toJSON: () => ({ a: 1 }) },
    ["__proto__"]: { polluted: true },
    get broken(): never {
      throw new Error("no");
    },
    brokenJson: {
      toJSON() {
        throw new Error("no");
      },
    },
  };

  const copied = plain.value(input);

  expect(copied).toEqual({
    circle: { self: "[circular]" },
    twice: [{ a: 1 }, { a: 1 }],
    map: { "2": "b", a: 1, "[object]": 3 },
    set: [1, "a"],
    date: "1970-01-01T00:00:00.000Z",
    noDate: "[invalid date]",
    big: "10",
    bytes: ["[3 bytes]", "[2 bytes]"],
    run: "[function]",
    symbol: "Symbol(s)",
    numbers: ["NaN", "Infinity", -0, 1.5],
    nothing: [null, null],
    lone: "\ufffd",
    pattern: "/x/g",
    url: "https://***@h/",
    promise: "[promise]",
    point: { x: 1 },
    json: { a: 1 },
    ["__proto__"]: { polluted: true },
    broken: "[unreadable]",
    brokenJson: "[unreadable]",
  });
  expect(Object.hasOwn(copied as object, "__proto__")).toBe(true);
  expect((copied as { polluted?: unknown }).polluted).toBe(undefined);
});

test("an error is copied as its summary", () => {
  const error = Object.assign(new Error("password=hunter2", { cause: "Bearer abcdefgh" }), {
    code: "E",
  });
  error.stack = "Error: password=hunter2";

  expect(plain.value(error)).toEqual({
    type: "Error",
    message: "password=***",
    code: "E",
    stack: "Error: password=***",
    cause: { type: "text", message: "Bearer ***" },
  });
});

const TEXT = "hunter2 hunter2";

test.for<[input: unknown, copied: unknown]>([
  [
    ["Authorization", `Token ${TEXT}`, "Accept", "*", "X-Api-Key:", TEXT],
    ["Authorization", "***", "Accept", "*", "X-Api-Key:", "***"],
  ],
  [[["x-api-key", TEXT]], [["x-api-key", "***"]]],
  [[["password", "hunter"]], [["password", "***"]]],
  [[["set-cookie", [TEXT]]], [["set-cookie", "***"]]],
  [new Set(["password", TEXT]), ["password", "***"]],
  [
    ["mysql", "--password", TEXT, "-p", "--token", "hunter"],
    ["mysql", "--password", "***", "-p", "--token", "***"],
  ],
  [
    ["use", "--token", "--verbose"],
    ["use", "--token", "--verbose"],
  ],
  [
    ["password", "email", "city"],
    ["password", "email", "city"],
  ],
  [
    ["a text that ends in password", "x"],
    ["a text that ends in password", "x"],
  ],
  [
    ["tokens", 512, "password", null],
    ["tokens", 512, "password", null],
  ],
  [
    ["curl", "-u", `ann:${TEXT}`, "https://h/"],
    ["curl", "-u", "ann:***", "https://h/"],
  ],
  [
    ["--user", "ann", "--proxy-user", "b:c"],
    ["--user", "ann", "--proxy-user", "b:***"],
  ],
  [
    ["date", "-u", "+%H:%M"],
    ["date", "-u", "+%H:%M"],
  ],
  [
    ["rsync", "-u", "host:/srv"],
    ["rsync", "-u", "host:/srv"],
  ],
  [
    ["docker", "--user", "1000:1000"],
    ["docker", "--user", "1000:1000"],
  ],
  [
    { Key: "password", Value: TEXT },
    { Key: "password", Value: "***" },
  ],
  [
    { ParameterKey: "DBPassword", ParameterValue: TEXT },
    { ParameterKey: "DBPassword", ParameterValue: "***" },
  ],
  [
    { name: "env", key: "DB_PASSWORD", value: TEXT },
    { name: "env", key: "DB_PASSWORD", value: "***" },
  ],
  [
    { name: "token", value: 5, otherKey: 6 },
    { name: "token", value: "***", otherKey: 6 },
  ],
  [
    { name: 5, value: TEXT, theKey: "password" },
    { name: 5, value: TEXT, theKey: "password" },
  ],
])("of %o a copy is %o", ([input, copied]) => {
  expect(plain.value(input)).toEqual(copied);
});

test("a copy is bounded in depth, breadth, sum and text", () => {
  const deep = Array.from({ length: 30 }).reduce((inner) => [inner], "x" as unknown);
  const wide = {
    list: Array(1_003).fill(0),
    map: Object.fromEntries(Array.from({ length: 1_002 }, (_, i) => [i, 0])),
  };
  const much = Array(900).fill(Array(900).fill(0));

  const shown = plain.value(wide) as { list: unknown[]; map: Record<string, unknown> };

  expect(JSON.stringify(plain.value(deep))).toBe(`${"[".repeat(20)}"[too deep]"${"]".repeat(20)}`);
  expect([
    shown.list.length,
    shown.list.at(-1),
    Object.keys(shown.map).length,
    shown.map["…"],
  ]).toEqual([1_001, "[3 more]", 1_001, "[2 more]"]);
  expect(JSON.stringify(plain.value(much)).length).toBeLessThan(100_000);
  expect((plain.value("x".repeat(40_000)) as string).length).toBe(32_000);
});

test("whatever is copied can be written as JSON and read again", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
        withObjectString: true,
      }),
      (input) => {
        const copied = plain.value(input);

        expect(JSON.parse(JSON.stringify({ copied }))).toEqual(
          copied === undefined ? {} : { copied: JSON.parse(JSON.stringify(copied)) },
        );
      },
    ),
    { numRuns: 2_000 },
  );
});
