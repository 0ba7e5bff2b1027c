/** How the tables of tools are written: one row for each way in which a failure shows. */

import type { CommandEnd } from "../core/command-end.ts";
import type { Meaning } from "./code-table.ts";
import type { CommandFinding } from "./command-finding.ts";

/** One way in which the failure of a tool shows from outside. */
export interface ToolRow {
  /** The symptom's number in docs/symptoms.md. */
  readonly symptom: number;
  /** The programs, by the last part of their path. */
  readonly tools: readonly string[];
  /** The exit codes with which it is that; any when not given. What a signal says counts as 128 + n. */
  readonly exitCodes?: readonly number[] | undefined;
  /** What a line of stderr says, under `LC_ALL=C`. Without it the exit code alone tells. */
  readonly says?: RegExp | undefined;
  /** Where the line stands when that is not stderr. */
  readonly on?: "stdout" | undefined;
  /** Whether it is that only when nothing stands on stderr. */
  readonly isSilent?: true | undefined;
  /** Whether it is that only when the disk was measured to be full. */
  readonly ifFull?: true | undefined;
  /** How it must have been called for that: what the command's words are to fit. */
  readonly ifCalled?: RegExp | undefined;
  /** That of the fault. */
  readonly code: string;
  readonly meaning: Meaning;
}

/** How it shows: by an exit code, a line of stderr, or both; `stdout` when the line stands there. */
export interface Sign {
  readonly exit?: readonly number[];
  readonly says?: RegExp;
  readonly on?: "stdout";
  readonly isSilent?: true;
  readonly ifFull?: true;
  readonly ifCalled?: RegExp;
}

/** A row, as the tables have it: number, programs, sign, code, meaning. */
export function row(
  symptom: number,
  tools: readonly string[],
  sign: Sign,
  [code, ...meaning]: readonly [code: string, ...meaning: Meaning],
): ToolRow {
  return {
    symptom,
    tools,
    exitCodes: sign.exit,
    says: sign.says,
    on: sign.on,
    isSilent: sign.isSilent,
    ifFull: sign.ifFull,
    ifCalled: sign.ifCalled,
    code,
    meaning,
  };
}

/** No room was left: of several tools alike, so that one remedy fits them all. */
export const FULL = ["ENOSPC", "degraded", "partial"] as const;

/** Nobody listened. */
export const REFUSED = ["ECONNREFUSED", "degraded", "none"] as const;

/** A host's name was not found. */
export const NO_NAME = ["ENOTFOUND", "transient", "none"] as const;

/** Whether what stands beside the row's line and exit code fits too. */
export function fitsBeside(
  { isSilent, ifFull, ifCalled }: Pick<ToolRow, "isSilent" | "ifFull" | "ifCalled">,
  { argv, stderr, symptoms }: CommandEnd,
): boolean {
  if (isSilent === true && stderr.trim() !== "") return false;
  if (ifCalled?.test(argv.join(" ")) === false) return false;
  return ifFull !== true || symptoms?.full === "bytes" || symptoms?.full === "inodes";
}

/** What a row found. */
export function findingOf({ symptom, code, meaning }: ToolRow): CommandFinding {
  return { symptom, fault: { class: meaning[0], code, effect: meaning[1] } };
}
