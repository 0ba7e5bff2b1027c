/** A command under execa, as its documentation has it. */

import { constants } from "node:os";
import { load } from "./find.ts";

/** The part of the library that is used. */
interface Execa {
  readonly execa: (
    program: string,
    args: readonly string[],
    options: object,
  ) => Promise<{
    readonly exitCode?: number;
    readonly signal?: NodeJS.Signals;
    readonly timedOut: boolean;
    readonly code?: string;
  }>;
}

const { limitMs, argv } = JSON.parse(process.argv[2] ?? "{}") as {
  limitMs?: number;
  argv: readonly [string, ...string[]];
};
const { execa } = await load<Execa>("execa");
const [program, ...args] = argv;
const { exitCode, signal, timedOut, code } = await execa(program, args, {
  stdio: "inherit",
  reject: false,
  ...(limitMs === undefined ? {} : { timeout: limitMs, forceKillAfterDelay: 200 }),
});
// It answers and leaves the exit code to whoever called it: these are those of a shell.
if (timedOut) process.exitCode = 124;
else if (signal !== undefined) process.exitCode = 128 + constants.signals[signal];
else process.exitCode = exitCode ?? (code === "ENOENT" ? 127 : 126);
