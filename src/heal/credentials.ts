/** A remedy for credentials that have run out: they are refreshed, once. */

import { readOptions, required, text, type Reader } from "../core/options.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { NOT_LET_IN } from "./codes.ts";
import { HOUR, limitReaders, limitsOf, MINUTE, SECOND, type RemedyLimits } from "./limits.ts";
import { askBy, perform, readProbe, type Probe } from "./probe.ts";

/** Whose credentials, and how they are refreshed. */
export interface CredentialsOptions extends RemedyLimits {
  /** Whose they are, for people. No secret. */
  readonly name: string;
  /** Refreshes them, where the next attempt finds them. Answers `false`, or fails, when it could not. */
  readonly refresh: Probe;
  /** Asks whether they are good now. Default: they are, once they were refreshed. */
  readonly check?: Probe | undefined;
}

const READERS = {
  name: required(text({ default: undefined }), "whose credentials they are"),
  refresh: required(readProbe, "a function or a command"),
  check: readProbe,
  ...limitReaders({ times: 1, withinMs: HOUR, coolDownMs: 0, limitMs: MINUTE }),
} satisfies Record<keyof CredentialsOptions, Reader<unknown>>;

const CHECK_MS = 10 * SECOND;

/**
 * Refreshes credentials after they were refused, once in a step: where the new ones are refused too,
 * they are wrong. Steps that are given the same remedy share it: one refresh, or its failure, is for all
 * whose attempt began before it ended.
 *
 * Defaults: once in a step, 1 minute.
 */
export function credentials(options: CredentialsOptions): Remedy {
  const settled = readOptions("credentials", options, READERS);
  const { name, refresh, check } = settled;
  const ask = async ({ clock, signal }: RemedyContext) =>
    check === undefined ? undefined : askBy(check)({ clock, signal, limitMs: CHECK_MS });
  const refreshing = new Refreshing(refresh);
  return Object.freeze({
    name: "credentials",
    target: name,
    blastRadius: `refreshes the credentials of ${name}`,
    advice: `renew the credentials of ${name} by hand`,
    isExclusive: false,
    ...limitsOf(settled, NOT_LET_IN),
    examine: async (context: RemedyContext) => {
      const checked = await ask(context);
      return {
        isPresent: checked?.isWell !== true,
        found: checked?.found ?? `the credentials of ${name} were refused`,
        plan: [`refresh the credentials of ${name}`],
      };
    },
    act: async (context: ActContext) => {
      const isOwn = await refreshing.join(context);
      context.did(`${isOwn ? "" : "another step "}refreshed the credentials of ${name}`);
    },
    measure: async (context: RemedyContext) => {
      const checked = await ask(context);
      return {
        isGone: checked?.isWell !== false,
        found: checked?.found ?? "the next attempt tells whether they are good",
      };
    },
  });
}

/** Many steps find out at once that a token has run out: they want one new one, not one each. */
class Refreshing {
  readonly #refresh: Probe;
  #last: { readonly done: Promise<void>; readonly signal: AbortSignal } | undefined;
  /** When the last one ended; later than all while it goes on. */
  #endedAtMs = Infinity;

  constructor(refresh: Probe) {
    this.#refresh = refresh;
  }

  /** Answers whether it was done for this step. Rejects as the refresh does. */
  async join({ attemptedAtMs, clock, signal }: ActContext): Promise<boolean> {
    while (this.#last !== undefined && this.#endedAtMs >= attemptedAtMs) {
      const last = this.#last;
      try {
        await last.done;
        return false;
      } catch (error) {
        // It went with the step that it was done for: another step's turn.
        if (!last.signal.aborted) throw error;
        if (this.#last === last) this.#last = undefined;
      }
    }
    this.#endedAtMs = Infinity;
    const done = perform(this.#refresh, signal).finally(() => (this.#endedAtMs = clock.now()));
    this.#last = { done, signal };
    await done;
    return true;
  }
}
