/** A server in virtual time: it takes a while to answer, has an outage and a limit, and notes who came when. */

import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";
import { judge, NONE_TAKEN, type ServerRules, type Verdict } from "./verdict.ts";

/** What a server is like. */
export interface ServerParts extends ServerRules {
  /** How long it takes to answer on average; each answer takes from half to one and a half of it. */
  readonly latencyMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** One call, as the server saw it. */
export interface Arrival {
  readonly atMs: number;
  readonly status: Verdict["status"];
}

/** A call that the server did not let in, as a client of HTTP would tell it: policies read the status. */
export class ServerRefusal extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "ServerRefusal", configurable: true });
  }
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(verdict: Verdict) {
    super(`HTTP ${verdict.status}`);
    this.status = verdict.status;
    this.headers =
      verdict.status === 429 ? { "retry-after": String(verdict.retryAfterSeconds) } : {};
  }
}

/** One server. */
export class SimulatedServer {
  readonly #parts: ServerParts;
  readonly #arrivals: Arrival[] = [];
  #taken = NONE_TAKEN;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** Every call so far, in the order in which they came. */
  get arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  /**
   * Calls it. A call is judged and counted when it comes, not when its answer goes. Rejects with a
   * `ServerRefusal`, or once the signal aborts with its reason.
   */
  async call(signal?: AbortSignal): Promise<void> {
    const { clock, random, latencyMs } = this.#parts;
    const atMs = clock.elapsed();
    const { taken, verdict } = judge(this.#taken, atMs, this.#parts);
    this.#taken = taken;
    this.#arrivals.push({ atMs, status: verdict.status });
    await clock.sleep(latencyMs * (0.5 + random()), signal);
    if (verdict.status !== 200) throw new ServerRefusal(verdict);
  }
}
