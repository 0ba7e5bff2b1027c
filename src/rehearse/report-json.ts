/** The report for programs. Its shape is part of the interface: see docs/rehearse.md. Pure. */

import { inWords } from "./differences.ts";
import { gather } from "./findings.ts";
import type { RehearsalReport } from "./rehearse.ts";

/** One JSON document, ending in a line end. */
export function jsonReport(report: RehearsalReport): string {
  const { automation, file, seed, isGood, steps, runs, skipped, unsteady, unverified } = report;
  const document = {
    schema: 1,
    automation,
    file,
    seed,
    ok: isGood,
    steps: steps.map(({ label, kind, hasUndo, hasVerify, hasReconcile, hasEffect }) => {
      return { step: label, kind, hasUndo, hasVerify, hasReconcile, hasEffect };
    }),
    mistakes: gather(runs),
    runs: runs.map(({ fault, findings, note, durationMs, world }) => ({
      step: fault.step,
      fault: fault.name,
      command: fault.command,
      ok: findings.length === 0,
      durationMs: Math.round(durationMs),
      note,
      world,
      findings: findings.map(({ mistake, step, left, said }) => ({
        mistake,
        step,
        said,
        left: left.map((each) => ({ ...each, difference: inWords(each) })),
      })),
    })),
    skipped: skipped.map(({ step, name, reason }) => ({ step, fault: name, reason })),
    notes: { unsteady, unverified },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
