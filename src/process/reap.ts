/** Ends what was left running by a process that was killed. */

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CLOCK_METHODS, type Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import { duration, part, readOptions, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import {
  judge,
  MARK_VARIABLE,
  parseRecord,
  RECORD_SUFFIX,
  type CommandRecord,
  type Judge,
} from "./leftover-record.ts";
import { errorOfSignal, findProcess, pidSpace } from "./process-table.ts";
import { ProcessTree } from "./process-tree.ts";

/** How leftovers are ended. */
export interface ReapOptions {
  /** How long they may take to end by themselves before they are killed. Default `"5s"`. */
  readonly grace?: Duration | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** What was left of one command. */
export interface Reaped {
  /** Without its arguments. */
  readonly program: string;
  /** When the command was started: milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** The processes that were found, and have been ended. */
  readonly ended: readonly number[];
  /** Those that could not be. They are tried again the next time. */
  readonly leftovers: readonly number[];
}

const READERS = {
  grace: duration({ default: 5_000 }),
  clock: part<Clock, Clock>({ methods: CLOCK_METHODS, default: systemClock }),
} satisfies Record<keyof ReapOptions, Reader<unknown>>;

/** No more than this many are seen to in one go: the next start sees to the rest. */
const MOST_RECORDS = 1_000;

/**
 * Finds the commands that were written down in `directory` (the option `records`) by a process that is
 * gone, and ends whoever of them still runs. Processes are told by pid, start time and start of the
 * machine, and by the mark in their environment; nobody else is touched. Commands whose owner lives are
 * left alone. Two who reap at the same moment do no harm.
 *
 * Answers what was found, command by command; nothing for those of which nobody was left.
 *
 * @throws {OptionsError} By rejecting, when an option is unknown or does not fit.
 */
export async function reapLeftovers(
  directory: string,
  options: ReapOptions = {},
): Promise<readonly Reaped[]> {
  const { grace, clock } = readOptions("reapLeftovers", options, READERS);
  const here: Judge = {
    ...pidSpace(),
    marks: process.env[MARK_VARIABLE] ?? "",
    findStart: (pid) => livingStart(pid),
  };
  const found = recordsIn(directory).map((file) => reapOne(file, here, { grace, clock }));
  return (await Promise.all(found)).filter((reaped) => reaped !== undefined);
}

async function reapOne(
  file: string,
  here: Judge,
  { grace, clock }: { readonly grace: number; readonly clock: Clock },
): Promise<Reaped | undefined> {
  const record = readRecord(file);
  const verdict = record === undefined ? "over" : judge(record, here);
  if (verdict === "running" || verdict === "elsewhere") return undefined;
  const reaped = record && verdict === "orphaned" ? await endTree(record, grace, clock) : undefined;
  // Who may see it finds it by this.
  const isHidden = verdict === "orphaned" && livingStart(record?.command.pid ?? 0) === "";
  if ((reaped?.leftovers ?? []).length === 0 && !isHidden) rmSync(file, { force: true });
  return reaped;
}

async function endTree(
  { command, ownsGroup, mark, program, startedAtMs }: CommandRecord,
  graceMs: number,
  clock: Clock,
): Promise<Reaped | undefined> {
  // The number of a group whose leader is gone may be another group's by now.
  const start = livingStart(command.pid);
  const leads = start !== "" && start === command.startTime;
  const tree = new ProcessTree({ ...command, ownsGroup: ownsGroup && leads, mark }, clock);
  const found = tree.members().map(({ pid }) => pid);
  if (found.length === 0) return undefined;
  await tree.ask(graceMs);
  const leftovers = await tree.kill();
  const ended = found.filter((pid) => !leftovers.includes(pid));
  return { program, startedAtMs, ended, leftovers };
}

function recordsIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(RECORD_SUFFIX))
      .slice(0, MOST_RECORDS)
      .map((name) => join(directory, name));
  } catch {
    return []; // Nothing was ever written down.
  }
}

function readRecord(file: string): CommandRecord | undefined {
  try {
    return parseRecord(readFileSync(file, "utf8"));
  } catch {
    return undefined; // Somebody else has just seen to it.
  }
}

function livingStart(pid: number): string | undefined {
  const found = findProcess(pid);
  if (found === undefined) return errorOfSignal(pid) === "EPERM" ? "" : undefined;
  return found.isZombie ? undefined : found.startTime;
}
