/** Treats one failure with one remedy, for the tests of the catalogue. */

import type { Clock } from "../core/clock.ts";
import type { HealRecord, Remedy } from "../core/remedy.ts";
import { systemClock } from "../core/system.ts";
import { faultOf } from "../index.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { heal, type HealParts } from "./heal.ts";

/** An error with this code. */
export function failure(code: string): Error {
  return Object.assign(new Error(`failed with ${code}`), { code });
}

/** What became of it, and the last record. */
export async function treat(
  remedy: Remedy,
  code: string,
  own: Partial<HealParts> & { readonly clock?: Clock } = {},
): Promise<HealRecord> {
  const { clock = systemClock } = own;
  const error = failure(code);
  const written: HealRecord[] = [];
  await heal(
    [remedy],
    { error, fault: { ...faultOf(error), code } },
    {
      clock,
      random: () => 0.5,
      shared: memoryJournal({ clock }),
      owner: thisProcess(),
      isGone: () => undefined,
      signal: new AbortController().signal,
      beganAtMs: clock.now(),
      sinceMs: clock.now(),
      past: [],
      emit: () => undefined,
      write: async (record) => void written.push(record),
      hide: (text) => text,
      token: "t",
      ...own,
    },
  );
  const last = written.at(-1);
  if (last === undefined) throw new Error(`${remedy.name} is not for ${code}`);
  return last;
}
