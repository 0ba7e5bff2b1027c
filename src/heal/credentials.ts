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
 * they are wrong.
 *
 * Defaults: once in a step, 1 minute.
 */
export function credentials(options: CredentialsOptions): Remedy {
  const settled = readOptions("credentials", options, READERS);
  const { name, refresh, check } = settled;
  const ask = async ({ clock, signal }: RemedyContext) =>
    check === undefined ? undefined : askBy(check)({ clock, signal, limitMs: CHECK_MS });
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
    act: async ({ signal, did }: ActContext) => {
      await perform(refresh, signal);
      did(`refreshed the credentials of ${name}`);
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
