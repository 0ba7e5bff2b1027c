import { expect, test } from "vitest";
import { backoffFromText } from "./backoff-text.ts";

/** The highest draws, for the upper end of each wait. */
const waits = (text: string) => {
  const backoff = backoffFromText(text, "exec.backoff");
  return [1, 2, 3, 4].map((retry) =>
    backoff({ retry, random: () => 1, previousMs: 0, fault: undefined, error: undefined }),
  );
};

test.for([
  ["exponential:1s..6s", [1_000, 2_000, 4_000, 6_000]],
  ["linear:1s..3s", [1_000, 2_000, 3_000, 3_000]],
  ["fibonacci:1s..60s", [1_000, 1_000, 2_000, 3_000]],
  ["exponential:20s", [20_000, 30_000, 30_000, 30_000]],
  ["fixed:5s", [5_000, 5_000, 5_000, 5_000]],
  ["1s,5s", [1_000, 5_000, 5_000, 5_000]],
] as const)("%s", ([text, expected]) => {
  expect(waits(text)).toEqual(expected);
});

test("what grows is drawn from the upper half", () => {
  const backoff = backoffFromText("exponential:1s..60s", "exec.backoff");

  const lowest = { retry: 1, random: () => 0, previousMs: 0, fault: undefined, error: undefined };
  expect(backoff(lowest)).toBe(500);
});

test.for([
  "",
  "soon",
  "exponential",
  "exponential:60s..1s",
  "fixed:1s..2s",
  "exponential:1s..2s..3s",
  "toString:1s",
  "1s,",
])("%j is none", (text) => {
  expect(() => backoffFromText(text, "exec.backoff")).toThrow(
    "exec.backoff: expected exponential:1s..60s",
  );
});
