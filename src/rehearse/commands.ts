/** Programs that fail when they are told to: they stand before the real ones in a run's PATH. */

import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { quoted } from "../core/shell-word.ts";
import { isExecutable } from "../process/is-executable.ts";

/** Where a program is, by PATH; `undefined` when it is nowhere. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Puts a stand-in for each program into `control`, and answers the PATH that finds them first. */
export async function plantCommands(
  commands: readonly string[],
  { control, path }: { readonly control: string; readonly path: string },
): Promise<string> {
  const directory = join(control, "bin");
  await mkdir(directory);
  for (const name of commands) {
    const file = join(directory, name);
    await writeFile(file, standIn({ name, real: findProgram(name, path) ?? name, control }));
    await chmod(file, 0o755);
  }
  return `${directory}${delimiter}${path}`;
}

/** The programs that were called since `count` calls ago. */
export function callsSince(control: string, count: number): string[] {
  const log = join(control, "calls");
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8").split("\n").slice(0, -1).slice(count);
}

/** What is told of in `mode-NAME` is done; else the program runs as ever. Source: POSIX.1-2017, Shell Command Language. */
function standIn(parts: {
  readonly name: string;
  readonly real: string;
  readonly control: string;
}) {
  const { name } = parts;
  const control = quoted(parts.control);
  const real = quoted(parts.real);
  return `#!/bin/sh
echo ${name} >>${control}/calls
mode=
[ -f ${control}/mode-${name} ] && read -r mode <${control}/mode-${name}
case "$mode" in
fails) exit 1 ;;
killed) kill -9 $$ ;;
hangs) : >${control}/hung-${name}; exec sleep 86400 ;;
half) ${real} "$@"; exit 1 ;;
esac
exec ${real} "$@"
`;
}
