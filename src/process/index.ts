/** Running commands, and ending their whole tree of processes. */

export { $, command, type CommandOptions, type Dollar, type DollarOptions } from "./command.ts";
export { CommandError } from "./command-error.ts";
export type {
  CommandInput,
  OutputTarget,
  RunCommandOptions,
  StartedCommand,
  StreamName,
} from "./command-options.ts";
export { OutputCutError, type CommandResult } from "./command-result.ts";
export { contain, type Level, type Wrap, type Wrapped } from "./contain.ts";
export type { EndedCommand, RunningCommand } from "./ended-command.ts";
export type { StartProblem } from "./find-program.ts";
export { reapLeftovers, type Reaped, type ReapOptions } from "./reap.ts";
export { runCommand, startCommand } from "./start-command.ts";
export type { WordValue } from "./words.ts";
export type { CommandEnd, ScriptHabits, Symptoms } from "../core/command-end.ts";
