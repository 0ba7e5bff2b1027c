/** What was found out about a command that failed. */

import type { Fault } from "../core/fault.ts";

/** What a command failed by, and the symptom in docs/symptoms.md that told it. */
export interface CommandFinding {
  readonly fault: Fault;
  /** Its number in docs/symptoms.md, where it is one of those. */
  readonly symptom?: number | undefined;
}
