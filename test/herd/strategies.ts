/** The ways to try again that are compared, each of them real policies of the library. */

import {
  decorrelated,
  exponential,
  gate,
  pipeline,
  rateLimit,
  retry,
  retryBudget,
  type Backoff,
  type Jitter,
  type Policy,
  type RetryAllowance,
} from "holdfast";
import type { World } from "../../src/simulate/herd.ts";

/** One way to try again. */
export interface Strategy {
  readonly name: string;
  readonly guard: (world: World) => Policy;
}

/** The same for all, so that what differs is the spread alone. */
const FIRST = "1s";
const MAX = "10s";
const ATTEMPTS = 8;

/** What only a retry is: the same waits, spread in different ways. */
export const RETRIES: readonly Strategy[] = [
  { name: "no jitter", guard: spread("none") },
  { name: "± 25 %", guard: spread("plus-minus") },
  { name: "equal", guard: spread("equal") },
  { name: "full", guard: spread("full") },
  {
    name: "decorrelated",
    guard: (world) => tries(world, decorrelated(FIRST, { max: MAX })),
  },
  {
    name: "full, shared budget",
    guard: (world) => tries(world, jittered("full"), retryBudget({ clock: world.clock })),
  },
];

/** Against a limit: what all agents share keeps them within it. */
export const SHARED: readonly Strategy[] = [
  {
    name: "full, shared gate",
    guard: (world) => pipeline(tries(world, jittered("full")), gate({ clock: world.clock })),
  },
  {
    name: "full, shared rate limit",
    guard: (world) =>
      pipeline(tries(world, jittered("full")), rateLimit(20, { clock: world.clock })),
  },
];

/** Three layers that each try three times: a client's, a library's in it, and an agent's around both. */
export function threeLayers(nested: "shared" | "independent"): Strategy["guard"] {
  return (world) => {
    const layer = (): Policy => retry({ ...world, attempts: 3, backoff: jittered("full"), nested });
    return pipeline(layer(), layer(), layer());
  };
}

function spread(jitter: Jitter): Strategy["guard"] {
  return (world) => tries(world, jittered(jitter));
}

function jittered(jitter: Jitter): Backoff {
  return exponential(FIRST, { max: MAX, jitter });
}

function tries(world: World, backoff: Backoff, budget?: RetryAllowance): Policy {
  return retry({ ...world, attempts: ATTEMPTS, backoff, budget });
}
