/**
 * What is sent to a run from outside: values that wait in the journal under `run/<id>/signal/<name>`,
 * where the run finds them, now or when it comes to it. The first that is sent counts.
 */

import { CLOCK_METHODS, type Clock } from "../../core/clock.ts";
import { InputError } from "../../core/errors.ts";
import { UNFINISHED, type Journal } from "../../core/journal.ts";
import { part, readOptions, record, required, text, type Reader } from "../../core/options.ts";
import { redactor } from "../../core/redact.ts";
import type { SharedValue } from "../../core/shared-state.ts";
import { systemClock } from "../../core/system.ts";
import { decodeValue } from "../../journal/codec.ts";
import { statePrefix } from "../../journal/records.ts";
import { toStorable } from "../storable.ts";
import { whoAmI } from "../who-am-i.ts";

/** What is sent, to which run. */
export interface SentSignal {
  readonly runId: string;
  /** As `run.signal` or `run.approval` has it; `task/name` of one in a task. */
  readonly name: string;
  /** Must survive the journal and hold no secret. Default: nothing. */
  readonly value?: unknown;
  /** Who sends it. Default: this process's user and host, as `ann on build-1`. */
  readonly by?: string | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** Where secrets' values are found. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const READERS = {
  runId: required(text({ default: undefined }), "the id of a run"),
  name: required(text({ default: undefined }), "the name of a signal"),
  value: (value: unknown) => value,
  by: text({ default: undefined }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
  env: record(((value: unknown) => value) as Reader<string | undefined>, { default: undefined }),
} satisfies Record<keyof SentSignal, Reader<unknown>>;

/** A signal as the run finds it. */
export interface ReceivedSignal {
  readonly value: unknown;
  readonly by: string;
}

/**
 * Sends a value to a run, which may wait for it already, come to it later, or never.
 *
 * Rejects with `InputError` when there is no such run, it has ended, or a signal of that name was sent
 * before; with `ValueError` for a value that cannot be journaled, and for a name or value that holds a
 * secret; with `JournalError` when the store fails.
 */
export async function sendSignal(journal: Journal, signal: SentSignal): Promise<void> {
  const { runId, name, value, by, clock, env } = readOptions("sendSignal", signal, READERS);
  const run = await journal.findRun(runId);
  if (run === undefined) throw new InputError(`There is no run ${runId}`);
  if (!UNFINISHED.includes(run.status)) {
    throw new InputError(`Run ${runId} has ended (${run.status}), and takes no signal any more`);
  }
  const hideSecrets = redactor({ env: env ?? process.env });
  // It becomes a part of a key in the journal.
  toStorable(hideSecrets, name, "The name of a signal");
  const sent: ReceivedSignal = { value, by: by ?? whoAmI() };
  const isFirst = await journal.writeState({
    key: signalKey(runId, name),
    value: toStorable(hideSecrets, sent, `The value of signal "${name}"`),
    replaces: 0,
    atMs: clock.now(),
  });
  if (!isFirst) {
    throw new InputError(`Run ${runId} was sent "${name}" before, and the first signal counts`);
  }
}

/** Where a signal is kept. */
export function signalKey(runId: string, name: string): string {
  return `${statePrefix(runId)}signal/${name}`;
}

/** @throws {JournalError} When it is damaged. */
export function readSignal({ value }: SharedValue): ReceivedSignal {
  return decodeValue(value) as ReceivedSignal;
}
