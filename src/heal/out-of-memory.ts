/** A remedy for work that ran out of memory: the next attempt takes on less of it. */

import { OptionsError } from "../core/errors.ts";
import { number, readOptions, type Reader } from "../core/options.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { NO_MEMORY } from "./codes.ts";
import { HOUR, limitReaders, limitsOf, SECOND, type RemedyLimits } from "./limits.ts";

/** How much less the next attempt takes on. */
export interface OutOfMemoryOptions extends RemedyLimits {
  /** The next attempt takes on this share of what the last one did, from 0.01 to 0.99. Default 0.5. */
  readonly factor?: number | undefined;
  /** No attempt takes on less than this share of the usual load. Default 0.1. */
  readonly least?: number | undefined;
}

const READERS = {
  factor: number({ min: 0.01, max: 0.99, default: 0.5 }),
  least: number({ min: 0.001, max: 1, default: 0.1 }),
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 0, limitMs: SECOND }),
} satisfies Record<keyof OutOfMemoryOptions, Reader<unknown>>;

/**
 * Hands the next attempts a smaller share of the usual load: a step finds it as `scale` in what its work
 * is given, a command as the variable `HOLDFAST_SCALE`. What they make of it is theirs: a smaller batch,
 * fewer workers.
 *
 * Defaults: 3 times in a step: a half, a quarter, an eighth.
 */
export function outOfMemory(options: OutOfMemoryOptions = {}): Remedy {
  const settled = readOptions("outOfMemory", options, READERS);
  const { factor, least } = settled;
  if (factor < least) {
    const expected = `expected at least ${least}, which is the least load: else it never acts`;
    throw new OptionsError("outOfMemory.factor", `${expected}, received ${factor}`);
  }
  const next = ({ scale }: RemedyContext) => scale * settled.factor;
  return Object.freeze({
    name: "out-of-memory",
    target: "the load",
    blastRadius: "hands the next attempt a smaller share of the usual load",
    advice: "give it more memory, or less to do",
    isExclusive: false,
    ...limitsOf(settled, NO_MEMORY),
    examine: async (context: RemedyContext) => {
      const isTooLittle = next(context) < settled.least;
      return {
        isPresent: true,
        found: `memory ran out with ${percent(context.scale)} of the usual load${isTooLittle ? `, and less than ${percent(settled.least)} is not wanted` : ""}`,
        plan: isTooLittle ? [] : [`go on with ${percent(next(context))} of the usual load`],
      };
    },
    act: async (context: ActContext) => {
      context.rescale(next(context));
      context.did(`went down to ${percent(next(context))} of the usual load`);
    },
    measure: async () => ({
      isGone: true,
      found: "the next attempt tells whether it is little enough",
    }),
  });
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
