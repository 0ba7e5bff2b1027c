import { expect, test } from "vitest";
import type { Deviation } from "../../policies/envelope.ts";
import { unusualIn } from "./envelope.ts";

const deviation = (value: number, usual: number): Deviation => ({
  value,
  usual,
  factor: value > usual ? value / usual : usual / value,
  side: value > usual ? "above" : "below",
});

test.for([
  [
    { duration: deviation(1_000, 3_250), output: deviation(20, 4_096) },
    "exit 0, but 3.3 times faster than usual (1 s, usually 3.3 s) and 20 B of output (usually 4.1 kB), by 12 former runs",
  ],
  [
    { output: deviation(9_000, 1_000) },
    "exit 0, but 9 kB of output (usually 1 kB), by 12 former runs",
  ],
  [
    { duration: deviation(0, 5_000) },
    "exit 0, but much faster than usual (0 ms, usually 5 s), by 12 former runs",
  ],
  // That is for time limits.
  [{ duration: deviation(9_000, 1_000) }, undefined],
] as const)("%o is told as %s", ([outlier, words]) => {
  expect(unusualIn({ runs: 12, ...outlier })).toBe(words);
});
