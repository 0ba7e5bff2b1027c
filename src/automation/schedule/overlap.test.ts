import { expect, test } from "vitest";
import { overlapOf, type Overlapping } from "./overlap.ts";

test.for<["forbid" | "queue" | "replace", string, Overlapping]>([
  ["forbid", "", "start"],
  ["forbid", "running", "skip"],
  ["forbid", "waiting", "skip"],
  ["forbid", "running waiting", "skip"],
  ["queue", "", "start"],
  ["queue", "running", "wait"],
  ["queue", "waiting", "skip"],
  ["queue", "running waiting", "skip"],
  ["replace", "", "start"],
  ["replace", "running", "replace"],
  ["replace", "waiting", "replace"],
  ["replace", "running waiting", "replace"],
  ["forbid", "waiting catching", "wait"],
  ["replace", "running waiting catching", "wait"],
])("%s, while it is %o: %s", ([overlap, standing, does]) => {
  expect(
    overlapOf({
      overlap,
      isRunning: standing.includes("running"),
      isWaiting: standing.includes("waiting"),
      isCatchingUp: standing.includes("catching"),
    }),
  ).toBe(does);
});
