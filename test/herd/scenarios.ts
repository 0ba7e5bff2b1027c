/** What a hundred agents meet. */

import type { Play } from "../../src/simulate/herd.ts";
import { RETRIES, SHARED, type Strategy } from "./strategies.ts";

/** One kind of trouble, and who is sent into it. */
export interface Scenario {
  /** Where its figures stand in the page. */
  readonly id: string;
  readonly title: string;
  readonly play: Omit<Play, "guard" | "seed">;
  readonly strategies: readonly Strategy[];
}

const USUAL = { agents: 100, againMs: 5_000 };
const LATENCY_MS = 50;
const DOWN = { fromMs: 0, untilMs: 10_000 };
const LIMIT = { calls: 20, windowMs: 1_000 };

/** Each of them, in the order of the page. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "outage",
    title: "down for 10 s",
    play: {
      ...USUAL,
      calls: 1,
      server: { latencyMs: LATENCY_MS, outage: DOWN, limit: undefined },
    },
    strategies: RETRIES,
  },
  {
    id: "limit",
    title: "20 calls a second",
    play: {
      ...USUAL,
      calls: 3,
      server: { latencyMs: LATENCY_MS, outage: undefined, limit: LIMIT },
    },
    strategies: [...RETRIES, ...SHARED],
  },
  {
    id: "both",
    title: "both, one after the other",
    play: { ...USUAL, calls: 1, server: { latencyMs: LATENCY_MS, outage: DOWN, limit: LIMIT } },
    strategies: [...RETRIES, ...SHARED],
  },
];
