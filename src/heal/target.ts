/**
 * A target that remedies of several processes act on: one at a time, by a value that all share. It is
 * written only over the version that was read, so that of two that come at once one waits.
 */

import type { Clock } from "../core/clock.ts";
import type { Owner } from "../core/journal.ts";
import type { SharedState, SharedValue } from "../core/shared-state.ts";
import {
  actedOn,
  heldBy,
  holderAt,
  letGo,
  readTargetState,
  refusalAt,
  type Limits,
  type Refusal,
  type TargetState,
} from "./allowance.ts";

/** How often to look whether another process has come to its end. */
const POLL_MS = 250;

/** What is left to a healing beyond its limit, to write its end. */
const SLACK_MS = 5_000;

/** Where a target is kept, and for whom it is held. */
export interface TargetParts {
  readonly shared: SharedState;
  readonly clock: Clock;
  readonly key: string;
  readonly limits: Limits;
  readonly owner: Owner;
  /** Tells holders of one process apart. */
  readonly token: string;
  readonly isGone: (owner: Owner) => boolean | undefined;
}

/** See the header. */
export class Target {
  readonly #parts: TargetParts;

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  /**
   * Takes it, as soon as nobody else acts on it. Answers whether it could within the limit of the
   * healing. Rejects with the signal's reason.
   */
  async take(signal: AbortSignal): Promise<boolean> {
    const { clock, limits, owner, token, isGone } = this.#parts;
    const giveUpAtMs = clock.elapsed() + limits.limitMs;
    for (;;) {
      signal.throwIfAborted();
      const found = await this.#read();
      const nowMs = clock.now();
      const other = holderAt(found.state, nowMs, isGone);
      const holder = { owner, token, fromMs: nowMs, untilMs: nowMs + limits.limitMs + SLACK_MS };
      if (other === undefined) {
        const isMine = await this.#write(found, heldBy(found.state, holder));
        if (isMine) return true;
      } else if (clock.elapsed() >= giveUpAtMs) return false;
      else await clock.sleep(POLL_MS, signal);
    }
  }

  /** Why it must not be acted on now; `undefined` when it may, which is counted then. */
  async findRefusal(): Promise<Refusal | undefined> {
    const { limits, clock } = this.#parts;
    for (;;) {
      const found = await this.#read();
      const refusal = refusalAt(found.state, limits, clock.now());
      if (refusal !== undefined) return refusal;
      if (await this.#write(found, actedOn(found.state, limits, clock.now()))) return undefined;
    }
  }

  /** Whether it was cured after that moment, by whomever. */
  async wasHealedSince(sinceMs: number): Promise<boolean> {
    const { healedAtMs } = (await this.#read()).state;
    return healedAtMs !== undefined && healedAtMs > sinceMs;
  }

  /** Lets it go, when it is still held by this healing. */
  async leave({ hasActed, isHealed }: { hasActed: boolean; isHealed: boolean }): Promise<void> {
    const { clock, token } = this.#parts;
    for (;;) {
      const found = await this.#read();
      if (found.state.holder?.token !== token) return;
      const nowMs = clock.now();
      const end = {
        ...(hasActed && { leftAtMs: nowMs }),
        ...(hasActed && isHealed && { healedAtMs: nowMs }),
      };
      if (await this.#write(found, letGo(found.state, end))) return;
    }
  }

  async #read(): Promise<Found> {
    const value = await this.#parts.shared.readState(this.#parts.key);
    return { value, state: readTargetState(value?.value) };
  }

  #write({ value }: Found, state: TargetState): Promise<boolean> {
    const { shared, key, clock } = this.#parts;
    return shared.writeState({
      key,
      value: JSON.stringify(state),
      replaces: value?.version ?? 0,
      atMs: clock.now(),
    });
  }
}

interface Found {
  readonly value: SharedValue | undefined;
  readonly state: TargetState;
}
