/** What is aimed at: bounds on ratios and sizes, and on which lines of which tables they stand. */

import type { Aim } from "./measure/judge.ts";
import type { Place } from "./measure/figures.ts";

const policy = (line: string): Place => ({ table: "policies", line, column: "ratio" });
const rejection = (line: string): Place => ({ table: "open-breaker", line, column: "ratio" });
const failing = (line: string): Place => ({ table: "closed-breaker", line, column: "ratio" });
const failure = (line: string): Place => ({ table: "failures", line, column: "ratio" });
const journal = (line: string): Place => ({ table: "journal", line, column: "ratio" });
const pending = (calls: number, line: string, column: "ratio" | "bytes"): Place => ({
  table: `pending-${calls}`,
  line,
  column,
});

const FUSED = "by hand: all three in one function, one timer for all";

/** The aims, in the order in which they are told. */
export const AIMS: readonly Aim[] = [
  {
    name: "retry against the floor",
    of: policy("holdfast: retry"),
    against: policy("by hand: retry by then"),
    most: 1.5,
  },
  {
    name: "breaker against the floor",
    of: policy("holdfast: breaker"),
    against: policy("by hand: breaker by then"),
    most: 1.5,
  },
  {
    name: "timeout against the floor",
    of: policy("holdfast: timeout"),
    against: policy("by hand: timeout, one timer for all"),
    most: 1.5,
  },
  {
    name: "all three against the fused floor",
    of: policy("holdfast: all three"),
    against: policy(FUSED),
    most: 1.5,
  },
  { name: "all three against a bare await", of: policy("holdfast: all three"), most: 8 },
  {
    name: "the same, when the work reads its signal",
    of: policy("holdfast: all three, signal read"),
    most: 12,
  },
  {
    // A timer of 0 ms takes one or more, which is a hundred times the floor.
    name: "a delay of 0 waits for no timer: against the floor",
    of: failure("holdfast: retry"),
    most: 10,
  },
  {
    name: "a failing call with 100,000 calls before it, against 1,000",
    of: failing("holdfast, window of time, 100,000 before"),
    against: failing("holdfast, window of time, 1,000 before"),
    most: 1.5,
  },
  {
    // 0.2 µs, where the floor takes 0.08.
    name: "an open breaker that answers a result, against the floor",
    of: rejection("holdfast, a result answered"),
    against: rejection("by hand, a result answered"),
    most: 2.5,
  },
  {
    name: "bytes of a pending call under a timeout",
    of: pending(10_000, "holdfast: timeout", "bytes"),
    most: 1_100,
  },
  {
    name: "bytes of a pending call under all three",
    of: pending(10_000, "holdfast: all three", "bytes"),
    most: 1_100,
  },
  linear("holdfast: all three"),
  linear("holdfast: all three, one signal for all"),
  {
    name: "bytes of one of 100,000 breakers",
    of: { table: "keyed", line: "holdfast", column: "bytes" },
    most: 250,
  },
  {
    name: "timers of one of them",
    of: { table: "keyed", line: "holdfast", column: "timers of each" },
    most: 0,
  },
  {
    name: "a step in SQLite against its commits",
    of: journal("a step, SQLite"),
    against: journal("the commits of a step by themselves"),
    most: 1.3,
  },
  {
    name: "a step of 64 runs at once against one of a single run",
    of: journal("a step of 64 runs at once, SQLite"),
    against: journal("a step, SQLite"),
    most: 0.1,
  },
  {
    name: "ms to resume a run of 10,000 steps, beyond reading its rows",
    of: { table: "journal-size", line: "resume of 10,000 steps", column: "beyond" },
    most: 200,
  },
  {
    name: "a new run beside 1,000,000 finished ones, against an empty journal",
    of: { table: "journal-size", line: "a run, 1,000,000 finished", column: "ms" },
    against: { table: "journal-size", line: "a run, empty journal", column: "ms" },
    most: 1.2,
  },
  {
    name: "bytes of retry + breaker + timeout + pipeline of holdfast/lean, gzip",
    of: {
      table: "bundle",
      line: "holdfast/lean: retry + breaker + timeout + pipeline",
      column: "gzip",
    },
    most: 2_500,
  },
];

/** A call costs the same among 30,000 as among 1,000; each against as many by hand. */
function linear(line: string): Aim {
  return {
    name: `30,000 calls pending against 1,000: ${line}`,
    of: pending(30_000, line, "ratio"),
    against: pending(1_000, line, "ratio"),
    most: 1.5,
  };
}
