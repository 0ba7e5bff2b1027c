/**
 * What a run holds outside of its journal, as data: it can be let go of without the code that took
 * it, as when a run is given up.
 */

import { rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { StepRecord } from "../../core/journal.ts";
import type { SharedState } from "../../core/shared-state.ts";
import { decodeValue } from "../../journal/codec.ts";
import { unlock } from "./lock-state.ts";

/** Paths that are removed, each named by the record's key; or a lock that is freed. */
export type Held =
  | {
      readonly remove: readonly string[];
      /** It is needed to take something back, so a scope that completes leaves it to its task. */
      readonly isForUndo?: boolean | undefined;
    }
  | { readonly unlock: string };

/** Whether something is recorded as held. */
export function isHeld({ kind, status }: StepRecord): boolean {
  return kind === "resource" && status === "begun";
}

/** Whether what is held has to stay until nothing can be taken back any more. */
export function isForUndo(record: StepRecord): boolean {
  const held = heldBy(record);
  return "remove" in held && held.isForUndo === true;
}

/** What a resource's record holds. */
export function heldBy({ value }: StepRecord): Held {
  return decodeValue(value ?? "") as Held;
}

/** Who lets go. */
export interface Releasing {
  readonly shared: SharedState;
  /** The fence of the hold on the run. */
  readonly fence: number;
  readonly clock: Clock;
}

/** Lets go of what `record` holds. Bears that it was let go of before. */
export async function letGo(
  record: StepRecord,
  { shared, fence, clock }: Releasing,
): Promise<void> {
  const held = heldBy(record);
  if ("unlock" in held) {
    return unlock(shared, { lock: held.unlock, key: record.key, fence, atMs: clock.now() });
  }
  for (const path of held.remove) await removeOwn(path, record.key);
}

/** The key is in the name of all that a run makes for itself: what has it not is none of ours. */
async function removeOwn(path: string, key: string): Promise<void> {
  if (!basename(path).includes(key)) throw new Error(`${path} is not named by its key`);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
