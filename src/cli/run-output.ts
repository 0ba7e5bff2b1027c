/** Where a run's events go, and what is said beside them: on the standard error, and into the logs. */

import { resolve } from "node:path";
import type { Level, Sink } from "../core/events.ts";
import { fileSink } from "../observe/file-sink.ts";
import { jsonLines } from "../observe/json-lines.ts";
import type { Arguments, World } from "./command.ts";
import type { Surface } from "./perform.ts";
import { progressLines } from "./screen/progress.ts";
import { runLog } from "./run-log.ts";
import type { Screen } from "./screen/screen.ts";

/** Writes to the standard error what no event tells; `text` is one or more whole lines. */
export type Complain = (text: string, level: Level) => void;

/** With `--log-format json` every line is a record, whatever it tells of. */
export function complainer(args: Arguments, world: World, screen: Screen): Complain {
  if (!isJson(args)) return (text) => screen.write(text);
  const sink = jsonLines((line) => screen.write(line), { name: "holdfast" });
  return (text, level) => {
    const message = text.trimEnd();
    sink({ type: "log.written", level, message, atMs: world.clock.now(), where: {} });
  };
}

/** The sinks of a run, and the end of them. */
export interface RunOutput {
  readonly sinks: readonly Sink[];
  close(): void;
}

/** Rejects with `OptionsError` when the log that `--log` names cannot be opened. */
export async function openOutput(stage: Surface, automation: string): Promise<RunOutput> {
  const { world, screen, complain } = stage;
  const directory = await world.logDirectory();
  const own = runLog({
    directory,
    service: { name: automation },
    onFailure: (error) => tellOfLog(directory, error, complain),
  });
  const live = screen.sink === undefined ? [] : [screen.sink];
  const flagged = openFlagged(stage, automation);
  return {
    sinks: [...live, ...flagged.sinks, own.sink],
    close() {
      own.close();
      flagged.close();
    },
  };
}

/**
 * The standard error, and the log that `--log` names.
 *
 * @throws {OptionsError} When that cannot be opened.
 */
export function openFlagged(
  { args, world, screen, complain }: Surface,
  automation: string,
): RunOutput {
  const service = { name: automation };
  const write = (text: string) => screen.write(text);
  const stderr = isJson(args) ? jsonLines(write, service) : progressLines(write, world.hasColours);
  const log = args.text("log");
  if (log === undefined) return { sinks: [stderr], close: () => undefined };
  const file = openLog(resolve(world.cwd, log), complain);
  return { sinks: [stderr, jsonLines((line) => file.write(line), service)], close: file.close };
}

function isJson(args: Arguments): boolean {
  return args.text("log-format") === "json";
}

/** A log that cannot be written any more is told of once, and does not fail the run. */
function openLog(path: string, complain: Complain) {
  const file = fileSink(path);
  let isBroken = false;
  return {
    close: () => file.close(),
    write(line: string) {
      try {
        file.write(line);
      } catch (error) {
        if (!isBroken) tellOfLog(path, error as Error, complain);
        isBroken = true;
      }
    },
  };
}

function tellOfLog(path: string, { message }: Error, complain: Complain): void {
  complain(`holdfast: log ${path} is incomplete: ${message}\n`, "WARNING");
}
