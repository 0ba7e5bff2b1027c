/** Where the events of `holdfast exec` go: what matters to the standard error, all of it into the logs. */

import { resolve } from "node:path";
import type { HoldfastEvent, Level, Sink } from "../../core/events.ts";
import { fileSink } from "../../observe/file-sink.ts";
import { jsonLines } from "../../observe/json-lines.ts";
import { levelOf } from "../../observe/level.ts";
import type { Arguments, World } from "../command.ts";
import { printable } from "../printable.ts";
import { progressLines } from "../screen/progress.ts";
import { complainer, type Complain } from "../run-output.ts";
import { runLog } from "../run-log.ts";
import { attemptsOf, type ExecPlan } from "./plan.ts";
import { inOurWords } from "./wording.ts";

/** What is said, by whom. */
export interface ExecOutput {
  readonly complain: Complain;
  /** The sinks of one run, and the end of its log. */
  openRun(plan: ExecPlan): Promise<{ readonly sinks: readonly Sink[]; close(): void }>;
}

/** @throws {OptionsError} When the log that `--log` names cannot be opened. */
export function execOutput(args: Arguments, world: World): ExecOutput {
  // Nothing is redrawn: the terminal is the command's.
  const screen = { write: (text: string) => world.complain(text), close: () => undefined };
  const complain = complainer(args, world, screen);
  const isJson = args.text("log-format") === "json";
  const log = args.text("log");
  const file = log === undefined ? undefined : fileSink(resolve(world.cwd, log));
  return {
    complain,
    async openRun(plan) {
      const service = { name: plan.name };
      const directory = plan.dryRun ? undefined : await logDirectoryOf(world);
      const own =
        directory === undefined
          ? undefined
          : runLog({ directory, service, onFailure: tellOf(directory, complain) });
      const lines = isJson
        ? jsonLines((line) => world.complain(line), service)
        : progressOf(plan, world);
      const named = file === undefined ? [] : [jsonLines((line) => file.write(line), service)];
      return {
        sinks: [
          lines,
          ...named.map((sink) => bearing(sink, log ?? "", complain)),
          ...(own === undefined ? [] : [own.sink]),
        ],
        close: () => own?.close(),
      };
    },
  };
}

/** Where there is no place for state, there is no journal either, which is told. */
function logDirectoryOf(world: World): Promise<string | undefined> {
  return world.logDirectory().catch(() => undefined);
}

/** In text, only what is out of the ordinary: a command that succeeds at once says nothing of ours. */
function progressOf(plan: ExecPlan, world: World): Sink {
  const attempts = attemptsOf(plan);
  const name = printable(plan.name);
  const write = (text: string) => world.complain(inOurWords(text, name));
  const tell = progressLines(write, world.hasColours);
  return (event) => {
    // The last line tells of the only attempt.
    const isToldLast = attempts === 1 && event.type === "attempt.failed";
    if (!isToldLast && isShown(event)) tell(event);
  };
}

const URGENT: ReadonlySet<Level> = new Set(["WARNING", "ERROR", "CRITICAL"]);

/** What the last line says in one. */
const AT_THE_END: ReadonlySet<string> = new Set(["run.failed", "task.failed", "step.failed"]);

/** What is told though all may still be well. */
const TOLD: ReadonlySet<string> = new Set([
  "retry.scheduled",
  "undo.started",
  "heal.completed",
  "undo.completed",
  "log.written",
  "breaker.half_opened",
  "breaker.closed",
]);

function isShown(event: HoldfastEvent): boolean {
  const level = levelOf(event);
  if (AT_THE_END.has(event.type)) return false;
  return URGENT.has(level) || (level === "INFO" && TOLD.has(event.type));
}

/** A log that cannot be written any more is told of once, and fails nothing. */
function bearing(sink: Sink, path: string, complain: Complain): Sink {
  let isBroken = false;
  const tell = tellOf(path, complain);
  return (event) => {
    try {
      sink(event);
    } catch (error) {
      if (!isBroken) tell(error as Error);
      isBroken = true;
    }
  };
}

function tellOf(path: string, complain: Complain): (error: Error) => void {
  return ({ message }) => complain(`holdfast: log ${path} is incomplete: ${message}\n`, "WARNING");
}
