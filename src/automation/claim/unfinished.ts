/** What becomes of a run that was cut off: the rule, without journal or clock. */

import { formatMs } from "../../core/duration.ts";
import type { RunRecord } from "../../core/journal.ts";

/** What a human may ask for. */
export type Choice = "resume" | "fresh" | "rollback";

/** What is known when an unfinished run is found. */
export interface Found {
  readonly run: RunRecord;
  /** What would start now. */
  readonly wanted: Pick<RunRecord, "codeHash" | "version" | "input">;
  readonly nowMs: number;
  readonly resumeWithinMs: number;
  readonly maxResumes: number;
  readonly choice?: Choice | undefined;
}

/** Go on, or why a human has to say so. */
export type Verdict = { readonly go: Choice } | { readonly ask: readonly string[] };

/** Decides. Whatever the human chose holds; else only a run that is surely the same is resumed. */
export function judgeUnfinished(found: Found): Verdict {
  const { run, wanted, nowMs, resumeWithinMs, maxResumes, choice } = found;
  if (choice !== undefined) return { go: choice };
  const ageMs = nowMs - run.startedAtMs;
  const doubts = [
    ...(inAnyOrder(wanted.input) === inAnyOrder(run.input)
      ? []
      : ["it was started with other input"]),
    ...codeDoubts(run, wanted),
    ...(ageMs <= resumeWithinMs
      ? []
      : [`it is ${formatMs(ageMs)} old, and resumed only within ${formatMs(resumeWithinMs)}`]),
    ...(run.resumes < maxResumes ? [] : [`it was resumed ${run.resumes} times already`]),
  ];
  return doubts.length === 0 ? { go: "resume" } : { ask: doubts };
}

/** Where one of the two has a version, that decides: its author says which changes are safe. */
function codeDoubts(run: RunRecord, wanted: Found["wanted"]): readonly string[] {
  if (run.version === undefined && wanted.version === undefined) {
    return run.codeHash === wanted.codeHash ? [] : ["the automation's code has changed since"];
  }
  if (run.version === wanted.version) return [];
  return [`it was begun by ${versionName(run)}, and this is ${versionName(wanted)}`];
}

function versionName({ version }: Pick<RunRecord, "version">): string {
  return version === undefined ? "code without a version" : `version ${JSON.stringify(version)}`;
}

/** JSON with the names of each object sorted: in which order they were given says nothing. */
function inAnyOrder(json: string): string {
  return JSON.stringify(JSON.parse(json), (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
