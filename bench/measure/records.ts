/** Records as an automation writes them, for tables that write them by hand. */

import type { RunRecord, StepRecord } from "../../src/journal/index.ts";

export function runOf(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    automation: id,
    status: "running",
    codeHash: "4f1c".repeat(16),
    input: "{}",
    startedAtMs: 1_764_000_000_000,
    resumes: 0,
    ...change,
  };
}

/** A step after its intent was written, or with its result. */
export function stepOf(runId: string, position: number, value: string | undefined): StepRecord {
  const at = { startedAtMs: 1_764_000_000_000 };
  const end = value === undefined ? {} : { endedAtMs: 1_764_000_000_001 };
  return {
    runId,
    task: "",
    name: `step ${position}`,
    kind: "step",
    position,
    status: value === undefined ? "begun" : "completed",
    generation: 1,
    key: "0123456789abcdef".repeat(2),
    attempts: [{ number: 1, ...at, ...end }],
    ...at,
    ...end,
    ...(value === undefined ? {} : { value }),
    effect: value === undefined ? "unknown" : "partial",
    undo: "none",
    undoAttempts: [],
  };
}
