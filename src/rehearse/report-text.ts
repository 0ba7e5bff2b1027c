/** The report for people at a terminal. Pure. */

import { culpritOf, gather, type Mistaken } from "./findings.ts";
import { nameOf } from "./plan.ts";
import type { RehearsalReport } from "./rehearse.ts";

/** Of each kind; the rest is counted. */
const SHOWN = 6;

/** A table of steps and faults, what is wrong and what to do about it, and a line that sums up. */
export function textReport(report: RehearsalReport): string {
  const mistakes = gather(report.runs);
  return [
    tableOf(report),
    ...mistakes.map(mistakeText),
    ...notesOf(report),
    summaryOf(report, mistakes),
    "",
  ].join("\n");
}

/** How it went, in one line. */
export function summaryOf(
  { runs, isGood }: RehearsalReport,
  mistakes: readonly Mistaken[],
): string {
  const good = runs.filter(({ findings }) => findings.length === 0).length;
  const counted = `${good}/${runs.length} rehearsed runs left nothing and ended complete`;
  return isGood ? counted : `${counted}; ${count(mistakes.length, "mistake")}`;
}

function tableOf({ steps, runs, skipped }: RehearsalReport): string {
  const rows = steps
    .map(({ label }) => ({ label, own: runs.filter(({ fault }) => fault.step === label) }))
    .filter(({ own }) => own.length > 0)
    .map(({ label, own }) => {
      const bad = own
        .filter(({ findings }) => findings.length > 0)
        .map(({ fault }) => nameOf(fault));
      const verdict = bad.length === 0 ? "ok" : `NOT OK: ${bad.join(", ")}`;
      return [label, `${own.length - bad.length}/${own.length}`, verdict];
    });
  const widths = [0, 1].map((index) =>
    Math.max(4, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const lines = [["step", "runs", "verdict"], ...rows].map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const left = skipped.length === 0 ? [] : [`${skipped.length} not rehearsed, see below`];
  return [...lines, ...left, ""].join("\n");
}

function mistakeText(mistake: Mistaken): string {
  const { title, shownBy, left, said, advice } = mistake;
  return [
    `${culpritOf(mistake)}: ${title}`,
    ...some("shown by", shownBy),
    ...some("left", left),
    ...some("said", said.map(oneLine)),
    `  do       ${advice}`,
    "",
  ].join("\n");
}

function some(label: string, all: readonly string[]): string[] {
  const shown = all.slice(0, SHOWN).map((line, index) => {
    return `  ${(index === 0 ? label : "").padEnd(8)} ${line}`;
  });
  const more = all.length - SHOWN;
  return more > 0 ? [...shown, `  ${"".padEnd(8)} and ${more} more`] : shown;
}

function notesOf({ runs, skipped, unsteady, unverified }: RehearsalReport): string[] {
  const reasons = Map.groupBy(skipped, ({ reason }) => reason);
  const kept = runs.filter(({ world }) => world !== undefined);
  const notes = [
    ...[...reasons].map(
      ([reason, all]) =>
        `not rehearsed: ${[...new Set(all.map(({ name }) => name))].join(", ")} (${count(all.length, "run")}): ${reason}`,
    ),
    ...(unverified.length === 0
      ? []
      : [`without a verify, so a wrong answer goes unnoticed: ${unverified.join(", ")}`]),
    ...(unsteady.length === 0
      ? []
      : [`differs from run to run by itself, so compared by name only: ${unsteady.join(", ")}`]),
    ...kept.map(({ fault, world }) => `kept: ${world} (${fault.step}: ${nameOf(fault)})`),
  ];
  return notes.length === 0 ? [] : [...notes.map((note) => `note: ${note}`), ""];
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}
