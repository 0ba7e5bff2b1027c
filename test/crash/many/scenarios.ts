/** What the campaign runs, and how each must end. */

import { resolve } from "node:path";

/** One automation with one input. */
export interface Scenario {
  readonly name: string;
  /** Its file is that of `automations/` with this name. */
  readonly automation: string;
  readonly input: Readonly<Record<string, boolean>>;
  readonly exitCode: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "side by side", automation: "side-by-side", input: {}, exitCode: 0 },
  {
    name: "side by side, one branch fails",
    automation: "side-by-side",
    input: { fails: true },
    exitCode: 80,
  },
  { name: "rollback", automation: "rollback", input: {}, exitCode: 80 },
  {
    name: "rollback with an undo that stays failed",
    automation: "rollback",
    input: { stuck: true },
    exitCode: 81,
  },
  { name: "commands", automation: "commands", input: {}, exitCode: 0 },
  {
    name: "commands, the last one fails",
    automation: "commands",
    input: { fails: true },
    exitCode: 80,
  },
  { name: "tasks, reads and retries", automation: "tasks", input: {}, exitCode: 0 },
];

/** The automation's file. */
export function fileOf({ automation }: Scenario): string {
  return resolve(import.meta.dirname, "automations", `${automation}.ts`);
}
