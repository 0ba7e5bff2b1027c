/** What is known about the codes of faults, for people: why it happens, and what to do. */

import type { RemedyName } from "../heal/names.ts";

/** One cause. */
export interface Cause {
  /** What is probably the matter, without a full stop. */
  readonly cause: string;
  /** What to do about it, without a full stop. */
  readonly advice: string;
  /** The built-in remedy that is made for it, by its name. */
  readonly remedy?: RemedyName | undefined;
}

/** Causes by the codes of the faults that have them. */
export type Causes = Readonly<Record<string, Cause>>;

/** Spells out a table in which several codes have one cause: `"EACCES EPERM"`. */
export function causes(
  table: Readonly<Record<string, readonly [string, string, RemedyName?]>>,
): Causes {
  return Object.fromEntries(
    Object.entries(table).flatMap(([codes, [cause, advice, remedy]]) =>
      codes.split(" ").map((code) => [code, { cause, advice, remedy }]),
    ),
  );
}
