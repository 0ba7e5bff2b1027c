/** The sign that a server gives of itself in the journal, for whoever asks whether one is alive. */

import type { Journal, Owner } from "../../core/journal.ts";
import { isGone } from "../../journal/owner.ts";
import type { AutomationDocument } from "../schedule-document.ts";

/** What a server says of itself. Moments are milliseconds since the Unix epoch. */
export interface ServerSign {
  readonly schema: 1;
  readonly owner: Owner;
  readonly version: string;
  readonly sinceMs: number;
  readonly automations: readonly AutomationDocument[];
}

/** How often it is given. */
export const SIGN_EVERY_MS = 30_000;

/** A server that gave none for this long is gone, or hangs. */
const SILENT_MS = 3 * SIGN_EVERY_MS;

const PREFIX = "serve/";

/** Two servers of one machine have a sign each. */
function keyOf({ host, pid }: Owner): string {
  return `${PREFIX}${host}/${pid}`;
}

/** Gives the sign. */
export async function giveSign(journal: Journal, sign: ServerSign, nowMs: number): Promise<void> {
  const value = JSON.stringify(sign);
  await journal.writeState({ key: keyOf(sign.owner), value, atMs: nowMs });
}

/** Takes the sign back: the server ends as it should. */
export async function takeSignBack(journal: Journal, owner: Owner, nowMs: number): Promise<void> {
  await journal.writeState({ key: keyOf(owner), value: undefined, atMs: nowMs });
}

/** A sign that was found. */
export interface FoundSign extends ServerSign {
  readonly seenAtMs: number;
  readonly isAlive: boolean;
}

/** The signs of all servers, also of those that ended without taking theirs back. */
export async function readSigns(journal: Journal, nowMs: number): Promise<readonly FoundSign[]> {
  const values = await journal.readStates({ prefix: PREFIX });
  return values.map(({ value, writtenAtMs: seenAtMs }) => {
    const sign = JSON.parse(value) as ServerSign;
    const isSilent = Math.abs(nowMs - seenAtMs) > SILENT_MS;
    return { ...sign, seenAtMs, isAlive: !isSilent && isGone(sign.owner) !== true };
  });
}

/** Clears the signs of servers that are known to be gone away. */
export async function clearSigns(journal: Journal, nowMs: number): Promise<void> {
  for (const { owner } of await readSigns(journal, nowMs))
    if (isGone(owner) === true) await takeSignBack(journal, owner, nowMs);
}
