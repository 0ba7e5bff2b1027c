/** The outside world's own ledger: what was done to it, written by whoever did it, and what that proves. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What happened, in the order in which it did.
 *
 * The work itself tells that it was `begun` and has `landed`, the undo that it is `undoing` and has
 * `undone`. `recorded` and `undo recorded` are the journal's word that this is safe, and `answered` is
 * what the automation's function was given.
 */
export interface Entry {
  readonly what:
    | "begun"
    | "landed"
    | "recorded"
    | "answered"
    | "undoing"
    | "undone"
    | "undo recorded";
  /** The step, or `task/step`. */
  readonly step: string;
  readonly key?: string;
  readonly value?: string;
  /** Whether the work bears being done again though it had landed. */
  readonly isRepeatable?: boolean;
}

/** What is not as was promised. */
export interface Problem {
  readonly what: "lost result" | "run again" | "orphan" | "leftover" | "wrong end";
  readonly text: string;
}

/** One write to the end of the file: the entries of several processes do not mix, and none is lost by a kill. */
export function noteIn(place: string, entry: Entry): void {
  appendFileSync(join(place, "ledger"), `${JSON.stringify(entry)}\n`);
}

/** Everything so far. */
export function readLedger(place: string): Entry[] {
  const file = join(place, "ledger");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** What the ledger knows of one step at one moment. */
interface Standing {
  /** What the journal acknowledged, until it is undone. */
  readonly recorded?: string;
  readonly hasLanded?: boolean;
  /** The key whose undo the journal acknowledged. */
  readonly undone?: string;
}

/** What was done again though it was finished, and which results are not those that were acknowledged. */
export function judgeLedger(entries: readonly Entry[]): Problem[] {
  const standings = new Map<string, Standing>();
  return entries.flatMap((entry) => {
    const before = standings.get(entry.step) ?? {};
    standings.set(entry.step, after(before, entry));
    const text = complaintAbout(before, entry);
    return text === undefined
      ? []
      : [{ what: entry.what === "answered" ? "lost result" : "run again", text }];
  });
}

/** What the automation's function was given last, by step. */
export function lastAnswers(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const answers = entries.filter(({ what }) => what === "answered");
  return new Map(answers.map(({ step, value = "" }) => [step, value]));
}

function after(before: Standing, { what, key = "", value = "" }: Entry): Standing {
  switch (what) {
    case "landed":
      return { ...before, hasLanded: true };
    case "recorded":
      return { ...before, recorded: value };
    case "undone":
      return before.undone === undefined ? {} : { undone: before.undone };
    case "undo recorded":
      return { undone: key };
    case "begun":
    case "answered":
    case "undoing":
      return before;
  }
}

function complaintAbout(before: Standing, entry: Entry): string | undefined {
  const { what, step, key, value, isRepeatable = false } = entry;
  const { recorded, hasLanded = false, undone } = before;
  if (what === "begun" && recorded !== undefined) return `${step} was finished, and done again`;
  if (what === "begun" && hasLanded && !isRepeatable)
    return `${step} had landed, and was done again`;
  if (what === "undoing" && undone !== undefined && key === undone)
    return `the undo of ${step} was finished, and done again`;
  if (what === "answered" && recorded !== undefined && value !== recorded) {
    return `${step} answered ${value}, and ${recorded} was recorded`;
  }
  return undefined;
}
