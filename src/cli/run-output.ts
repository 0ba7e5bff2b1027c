/** Where a run's events go, and what is said beside them: on the standard error, and into the log. */

import { resolve } from "node:path";
import type { Level, Sink } from "../core/events.ts";
import { fileSink } from "../observe/file-sink.ts";
import { jsonLines } from "../observe/json-lines.ts";
import type { Arguments, World } from "./command.ts";
import { progressLines } from "./progress.ts";

/** Writes to the standard error what no event tells; `text` is one or more whole lines. */
export type Complain = (text: string, level: Level) => void;

/** With `--log-format json` every line is a record, whatever it tells of. */
export function complainer(args: Arguments, world: World): Complain {
  if (!isJson(args)) return (text) => world.complain(text);
  const sink = jsonLines((line) => world.complain(line), { name: "holdfast" });
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

/** @throws {OptionsError} When the log cannot be opened. */
export function openOutput(
  args: Arguments,
  world: World,
  { automation, complain }: { readonly automation: string; readonly complain: Complain },
): RunOutput {
  const service = { name: automation };
  const toStderr = (text: string) => world.complain(text);
  const stderr = isJson(args)
    ? jsonLines(toStderr, service)
    : progressLines(toStderr, world.hasColours);
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
        const { message } = error as Error;
        if (!isBroken) complain(`holdfast: log ${path} is incomplete: ${message}\n`, "WARNING");
        isBroken = true;
      }
    },
  };
}
