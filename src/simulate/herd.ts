/**
 * Many agents that call one server under real policies, in virtual time.
 *
 * All begin in the same moment: a job that starts at midnight, or a connection that broke for
 * everybody. Each has some calls to get done, one after the other. One that failed for good is begun
 * again some time later, as an agent does that goes on with its task; so nobody is done by giving up.
 */

import { isHoldfastError } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";
import { seededDice, type Random } from "../core/dice.ts";
import type { Policy } from "../policies/policy.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { ServerRefusal, SimulatedServer, type Arrival } from "./server.ts";
import type { ServerRules } from "./verdict.ts";

/** The time and the dice of a play, for its policies. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
}

/** One play; lengths of time are in milliseconds. */
export interface Play {
  readonly agents: number;
  /** How many calls each agent has to get done. */
  readonly calls: number;
  readonly server: ServerRules & { readonly latencyMs: number };
  /** Makes what guards the calls of all agents. */
  readonly guard: (world: World) => Policy;
  /**
   * How long after a call that failed for good an agent begins the next, on average: from half to one
   * and a half of it. `Infinity`: never.
   */
  readonly againMs: number;
  /** The same seed, the same play. */
  readonly seed: number;
}

/** What became of a play. */
export interface Played {
  /** Every call that came to the server. */
  readonly arrivals: readonly Arrival[];
  /** When each agent got its calls done, in milliseconds, the first first; who never did is missing. */
  readonly doneAtMs: readonly number[];
  /** How many calls failed for good. */
  readonly failures: number;
}

/** Plays it to its end. Rejects with what is thrown besides refusals: a mistake in the play. */
export async function playHerd(play: Play): Promise<Played> {
  const { agents, calls, server, guard, againMs, seed } = play;
  const clock = new VirtualClock();
  // Dice of their own for each: how often one is thrown does not change how the others fall.
  const [forServer, forPolicy, forAgents] = ["server", "policy", "agents"].map((name) =>
    seededDice(`${name} ${seed}`),
  ) as [Random, Random, Random];
  const target = new SimulatedServer({ ...server, clock, random: forServer });
  const policy = guard({ clock, random: forPolicy });
  const doneAtMs: number[] = [];
  let failures = 0;

  const agent = async (): Promise<void> => {
    for (let left = calls; left > 0;) {
      if (await succeeds(policy, target)) left--;
      else {
        failures++;
        if (againMs === Infinity) return;
        await clock.sleep(againMs * (0.5 + forAgents()));
      }
    }
    doneAtMs.push(clock.elapsed());
  };
  await clock.settle(() => Promise.all(Array.from({ length: agents }, agent)));
  return { arrivals: target.arrivals, doneAtMs, failures };
}

async function succeeds(policy: Policy, target: SimulatedServer): Promise<boolean> {
  try {
    await policy.run(({ signal }) => target.call(signal));
    return true;
  } catch (error) {
    if (error instanceof ServerRefusal || isHoldfastError(error)) return false;
    throw error;
  }
}
