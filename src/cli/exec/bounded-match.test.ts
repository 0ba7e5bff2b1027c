import { expect, test } from "vitest";
import { matches } from "./bounded-match.ts";

const MANY = `${"a".repeat(60_000)}b`;

test.for<[pattern: RegExp, text: string, found: boolean | undefined]>([
  [/b$/, MANY, true],
  [/c$/, MANY, false],
  [/^(a+)+$/, MANY, undefined],
  [/\0\uFFFD/, "a\0\uFFFDb", true],
])("%o is found: %o", ([pattern, text, found]) => {
  expect(matches(pattern, text, 100)).toBe(found);
});
