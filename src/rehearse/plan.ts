/** Which faults are done to which steps. Pure. */

import { FAULT_NAMES, FAULTS, type FaultName, type FaultRule } from "./faults.ts";
import type { Fault } from "./messages.ts";
import type { ReferenceStep } from "./reference.ts";

/** What is asked for. */
export interface PlanOptions {
  /** Only these steps; all when it is empty. */
  readonly only: readonly string[];
  /** Only these faults; all when it is empty. */
  readonly faults: readonly FaultName[];
  /** Why no disk can be filled; `undefined` when one can. */
  readonly noDisk?: string | undefined;
}

/** What is not rehearsed, and why. */
export interface Skipped {
  readonly step: string;
  readonly name: FaultName;
  readonly reason: string;
}

/** The faults, step by step. */
export interface Plan {
  readonly faults: readonly Fault[];
  readonly skipped: readonly Skipped[];
}

/** See the header. */
export function makePlan(steps: readonly ReferenceStep[], options: PlanOptions): Plan {
  const { only, faults: wanted } = options;
  const chosen = steps.filter(({ label }) => only.length === 0 || only.includes(label));
  const names = FAULT_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name));
  const cells = chosen.flatMap((step) => names.map((name) => ({ step, name })));
  const fitting = cells.filter(({ step, name }) => fits(step, FAULTS[name]));
  const skipped = fitting.flatMap(({ step, name }) => {
    const reason = reasonToSkip(step, name, options);
    return reason === undefined ? [] : [{ step: step.label, name, reason }];
  });
  const faults = fitting
    .filter(({ step, name }) => reasonToSkip(step, name, options) === undefined)
    .flatMap(({ step, name }) => faultsOf(step, name, steps));
  return { faults, skipped };
}

function fits(step: ReferenceStep, { by, needs, fitsReads }: FaultRule): boolean {
  if (step.kind === "read" && fitsReads !== true) return false;
  if (by === "command" && step.commands.length === 0) return false;
  if (by === "disk" && step.kind === "read") return false;
  if (needs === "undo") return step.hasUndo;
  return needs !== "verify" || step.hasVerify;
}

function reasonToSkip(
  { limitMs }: ReferenceStep,
  name: FaultName,
  { noDisk }: PlanOptions,
): string | undefined {
  if (FAULTS[name].needs === "limit" && limitMs === Infinity)
    return "its timeout is Infinity: hanging, it hangs for ever";
  return FAULTS[name].by === "disk" ? noDisk : undefined;
}

function faultsOf(step: ReferenceStep, name: FaultName, steps: readonly ReferenceStep[]): Fault[] {
  const { label } = step;
  // That the value is wrong is no matter to who looks at the world: there the work is not done.
  const isSilent = step.isSilent || !step.verifiesValue;
  if (FAULTS[name].by === "command")
    return step.commands.map((command) => ({ name, step: label, command }));
  if (FAULTS[name].needs === "undo") {
    // Whatever fails last in its task has it undone.
    const trigger = steps.findLast(({ task }) => task === step.task)?.label ?? label;
    return [{ name, step: label, trigger }];
  }
  return [{ name, step: label, ...(name === "wrong-output" && isSilent ? { isSilent } : {}) }];
}

/** A fault in words, as a sentence about its step: `upload fails for good …`. */
export function inWords({ name, step, command }: Fault): string {
  const { happens } = FAULTS[name];
  const told = command === undefined ? happens : happens.replace("a program", `${command}, which`);
  return `${step} ${told.replace("which that", "which")}`;
}

/** A fault as it is named: `command-fails tar`. */
export function nameOf({ name, command }: Pick<Fault, "name" | "command">): string {
  return command === undefined ? name : `${name} ${command}`;
}
