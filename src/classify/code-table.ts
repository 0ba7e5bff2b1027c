/** How tables of codes are written, and looked up. */

import type { Effect, Fault, FaultClass } from "../core/fault.ts";

/** What a code means: its class, and the effect of an attempt that failed by it. */
export type Meaning = readonly [faultClass: FaultClass, effect: Effect];

/** Codes and their meanings. */
export type CodeTable = Readonly<Record<string, Meaning>>;

/** Tells the fault of a code in any of the tables. A later table may not repeat a code. */
export function codeLookup(tables: readonly CodeTable[]): (code: string) => Fault | undefined {
  // A map and no plain object: an error's code may well be "constructor".
  const faults = new Map<string, Fault>();
  for (const [code, [faultClass, effect]] of tables.flatMap((table) => Object.entries(table))) {
    if (faults.has(code)) throw new Error(`the code ${code} stands in two tables`);
    faults.set(code, Object.freeze({ class: faultClass, code, effect }));
  }
  return (code) => faults.get(code);
}
