/** Output that cannot be written does not end the run that it is about. Real processes. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture, holdfast, place } from "./cli-process.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
const FULL = "ENOSPC: no space left on device, write";

test.for<[redirection: string, exitCode: number, said: string[]]>([
  ["2>/dev/full", 0, []],
  [">/dev/full", 1, [`holdfast: the output cannot be written: ${FULL}`]],
])("with a full disk under %s a run goes to its end", async ([redirection, exitCode, said]) => {
  const at = place();
  const words = [MAIN, "run", fixture("endings.ts"), "--input", '{"ending":"well"}'];
  const command = `"$0" "$@" ${redirection}`;
  const env = { ...process.env, HOLDFAST_HOME: at.home };

  const ended = await promisify(execFile)("/bin/sh", ["-c", command, process.execPath, ...words], {
    env,
  }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: { readonly code: number; readonly stderr: string }) => error,
  );

  const { stdout } = await holdfast(at, ["runs", "--json"]);
  const { runs } = JSON.parse(stdout) as { runs: { status: string }[] };
  expect({
    exitCode: ended.code,
    said: ended.stderr.split("\n").filter((line) => line.startsWith("holdfast:")),
    runs: runs.map(({ status }) => status),
  }).toEqual({ exitCode, said, runs: ["succeeded"] });
});
