/** What the processes of a rehearsal say to each other. Everything is plain data. */

import type { StepFacts } from "../automation/interference.ts";
import type { Choice } from "../automation/claim/unfinished.ts";
import type { SettledPermissions } from "../core/permissions.ts";
import type { Guarded } from "../process/guards.ts";
import type { FaultName } from "./faults.ts";

/** What is done to which step. */
export interface Fault {
  readonly name: FaultName;
  /** The step's label. */
  readonly step: string;
  /** The step that fails, so that `step` is undone. */
  readonly trigger?: string | undefined;
  /** The program, for faults of programs. */
  readonly command?: string | undefined;
  /** Nobody looks at what the step answers, so a wrong answer is to say that it was done when it was not. */
  readonly isSilent?: boolean | undefined;
}

/** What a process is started for. */
export type Job =
  | { readonly role: "stage"; readonly file: string }
  | {
      readonly role: "run";
      readonly file: string;
      readonly runId: string;
      readonly input: unknown;
      readonly choice?: Choice | undefined;
      readonly fault?: Fault | undefined;
      /** Which moments are told, and waited at. */
      readonly tells: "work" | "undo";
      /** Where programs are told how to fail. */
      readonly control: string;
      /** The file that fills the disk. */
      readonly ballast: string;
      /** What the process was started under, and without; missing where nothing is limited. */
      readonly guards?: Guarded | undefined;
    };

/** A moment of a run, told while it waits. */
export interface Moment {
  readonly at: "before work" | "after work" | "before undo" | "after undo";
  readonly step: StepFacts;
  /** Whether the work answered nothing. */
  readonly isSilent?: boolean | undefined;
}

/** What the journal holds of one step at a run's end. */
export interface StepRow {
  readonly label: string;
  readonly task: string;
  readonly kind: "step" | "read";
  readonly status: string;
  readonly generation: number;
  readonly undo: string;
  readonly undoError?: string | undefined;
  readonly toldBy?: string | undefined;
  readonly error?: string | undefined;
  /** What its attempts failed by. */
  readonly codes: readonly string[];
}

/** How a run ended, told by its own process. */
export interface RunReport {
  /** `rejected`: it did not get as far as an end. */
  readonly status: "succeeded" | "failed" | "cancelled" | "interrupted" | "in doubt" | "rejected";
  readonly exitCode?: number | undefined;
  readonly error?: string | undefined;
  readonly tasks: readonly { readonly name: string; readonly isOk: boolean }[];
  readonly steps: readonly StepRow[];
}

/** What a stage tells of the file. */
export interface FileFacts {
  readonly automation: string;
  readonly input: unknown;
  readonly hasSetup: boolean;
  readonly hasTeardown: boolean;
  readonly probes: readonly string[];
  readonly watch: readonly string[];
  readonly ignore: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  readonly timeoutMs: number;
  /** What a run may touch, its scene's part included; missing where nothing is limited. */
  readonly permissions?: SettledPermissions | undefined;
}

/** What a stage is asked. */
export type StageCall = { readonly call: "setup" | "probe" | "teardown" };

/** What a stage answers. */
export interface StageAnswer {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly probes?: Readonly<Record<string, string>> | undefined;
  /** What failed, in words. */
  readonly problem?: string | undefined;
}
