/** Where the output of the runs of a server goes: into the server's own, each line with a name before it. */

import type { Arguments, World } from "../command.ts";
import { redactor } from "../../core/redact.ts";
import { jsonLines } from "../../observe/json-lines.ts";
import { printable } from "../printable.ts";
import type { Lines } from "./serve-child.ts";

/**
 * Makes the place for the lines of an automation's runs. Among JSON log lines only such lines stand:
 * whatever else a run says becomes one.
 */
export function linesOf(args: Arguments, world: World): (automation: string) => Lines {
  const secrets = redactor({ env: world.env });
  if (args.text("log-format") !== "json") {
    return (automation) => {
      const write = (line: string) =>
        world.complain(`${automation} | ${printable(secrets.text(line))}\n`);
      return { stdout: write, stderr: write };
    };
  }
  return (automation) => {
    const sink = jsonLines((line) => world.complain(line), { name: automation });
    const wrap = (line: string) => {
      const message = printable(secrets.text(line));
      const where = { automation };
      sink({ type: "log.written", level: "INFO", message, atMs: world.clock.now(), where });
    };
    return {
      stdout: wrap,
      stderr: (line) => (isRecord(line) ? world.complain(`${line}\n`) : wrap(line)),
    };
  };
}

/** What holdfast writes itself begins so, and was redacted where it was written. */
function isRecord(line: string): boolean {
  return line.startsWith('{"@timestamp":') && line.endsWith("}");
}
