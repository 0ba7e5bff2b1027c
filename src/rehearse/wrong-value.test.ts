import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { wrongValue } from "./wrong-value.ts";

test.for<[value: unknown, wrong: unknown]>([
  ["abc", "wrong-on-purpose-3"],
  [0, -1],
  [12, -1],
  [-1, -2],
  [5n, -1n],
  [-1n, -2n],
  [true, false],
  [null, "wrong-on-purpose"],
  [undefined, "wrong-on-purpose"],
  [[], ["wrong-on-purpose"]],
  [[1, 2], []],
  [new Date(5), new Date(0)],
  [new Map([[1, 2]]), new Map()],
  [new Map(), new Map([["wrong-on-purpose", "wrong-on-purpose"]])],
  [new Set([1]), new Set()],
  [new Set(), new Set(["wrong-on-purpose"])],
  [new Uint8Array(1), new Uint8Array(2)],
  [
    { path: "a", size: { bytes: 3 } },
    { path: "wrong-on-purpose-1", size: { bytes: -1 } },
  ],
])("%o becomes %o", ([value, wrong]) => {
  expect(wrongValue(value)).toEqual(wrong);
});

test("a wrong value is never the right one, save for an object that holds nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(JSON.stringify(value) !== "{}");
      expect(isDeepStrictEqual(wrongValue(value), value) && hasLeaf(value)).toBe(false);
    }),
  );
});

function hasLeaf(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  return Object.values(value).some(hasLeaf);
}

test("what is nested deeper than eight levels is replaced as a whole", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(9)}1${"}".repeat(9)}`) as unknown;

  expect(JSON.stringify(wrongValue(deep))).toBe(
    `${'{"a":'.repeat(8)}"wrong-on-purpose"${"}".repeat(8)}`,
  );
});
