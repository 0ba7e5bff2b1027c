/**
 * A journal that another process keeps: what is asked of it goes over a channel, as plain data. What
 * belongs to the keeper alone, such as pruning, is not answered.
 */

import { JournalError } from "../core/errors.ts";
import type { Journal } from "../core/journal.ts";
import { packError, unpackError, type PackedError } from "../core/packed-error.ts";

const METHODS = [
  "claim",
  "claimRun",
  "renew",
  "release",
  "writeRun",
  "writeStep",
  "findRun",
  "findHolder",
  "findRuns",
  "readSteps",
  "readState",
  "readStates",
  "writeState",
] as const satisfies readonly (keyof Journal)[];

/** One of its methods, called from afar. */
export interface JournalCall {
  readonly method: (typeof METHODS)[number];
  readonly words: readonly unknown[];
}

/** What came of it. */
export type JournalAnswer = { readonly value: unknown } | { readonly error: PackedError };

/** The far end: every call goes through `ask`, and rejects as it did where the journal is. */
export function remoteJournal(
  ask: (call: JournalCall) => Promise<JournalAnswer>,
  renewEveryMs: number,
): Journal {
  const methods = METHODS.map((method) => [
    method,
    async (...words: unknown[]): Promise<unknown> => {
      const answer = await ask({ method, words });
      if ("error" in answer) throw unpackError(answer.error);
      return answer.value;
    },
  ]);
  return {
    ...(Object.fromEntries(methods) as Pick<Journal, (typeof METHODS)[number]>),
    prune: () => Promise.reject(new JournalError("It is not pruned from here")),
    renewEveryMs,
    close: () => Promise.resolve(),
  };
}

/** The near end: does what was asked, and never rejects. */
export async function answerCall(
  journal: Journal,
  { method, words }: JournalCall,
): Promise<JournalAnswer> {
  try {
    // Whatever else is asked for came from no journal.
    if (!METHODS.includes(method)) throw new JournalError(`There is no "${String(method)}" here`);
    const act = journal[method] as (...given: readonly unknown[]) => Promise<unknown>;
    return { value: await act.apply(journal, [...words]) };
  } catch (error) {
    return { error: packError(error) };
  }
}
