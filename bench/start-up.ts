/**
 * What the command line costs before it does anything: CPU time of whole processes, user and system,
 * against `node -e 0`. Bash tells it, for Node cannot ask what its children used.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleExec } from "../scripts/setup/bundle-exec.js";
import type { Case } from "./measure/compare.ts";
import { printTable } from "./measure/harness.ts";

const ROOT = join(import.meta.dirname, "..");

/** Processes take so long that fewer rounds must do. */
const ROUNDS = 15;
const PROCESSES_PER_BATCH = 2;

/** Prints user and system seconds of each process, and stops at the first that fails. */
const TIMING = `
TIMEFORMAT="%U %S"
for i in $(seq ${PROCESSES_PER_BATCH}); do time "$0" "$@" >output 2>&1 || exit; done
`;

const AUTOMATION = `
import { automation } from "holdfast/automation";
export default automation("nothing", async (run) => {
  await run.step("nothing", () => 1);
});
`;

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));

/** Where caches and journals go: nothing of the user's own. */
const ENV = {
  PATH: process.env["PATH"],
  HOME: folder,
  HOLDFAST_HOME: join(folder, "home"),
  TMPDIR: folder,
};

interface Start {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** The milliseconds of CPU that one process took. */
function cpuMs({ args, env }: Start): number {
  const { error, status, stdout, stderr } = spawnSync("bash", ["-c", TIMING, ...args], {
    cwd: folder,
    env: { ...ENV, ...env },
    encoding: "utf8",
  });
  if (error !== undefined) throw new Error(`bash is needed: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  const seconds = stderr.trim().split(/\s+/).map(Number);
  return (seconds.reduce((sum, part) => sum + part, 0) * 1_000) / PROCESSES_PER_BATCH;
}

function starting(name: string, args: readonly string[], env?: Start["env"]): Case {
  return { name, cost: () => cpuMs({ args: [process.execPath, ...args], env }) };
}

/** Of Debian's moreutils: what guards the commands of many a crontab. */
const CHRONIC: Start = { args: ["chronic", "true"] };

function isThere(program: string): boolean {
  return spawnSync(program, ["true"], { stdio: "ignore" }).error === undefined;
}

/** Compiles the package into the folder, so that what is measured is what users get. */
async function build(): Promise<string> {
  const out = join(folder, "package/dist");
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const settings = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", out];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...settings], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
  await bundleExec(out);
  cpSync(join(ROOT, "package.json"), join(folder, "package/package.json"));
  return join(out, "cli/main.js");
}

async function cases(): Promise<Case[]> {
  const main = await build();
  const source = join(ROOT, "src/cli/main.ts");
  const uncached = { NODE_DISABLE_COMPILE_CACHE: "1" };
  return [
    starting("node hello.mjs", ["hello.mjs"]),
    starting("holdfast --version", [main, "--version"]),
    starting("holdfast --version, no compile cache", [main, "--version"], uncached),
    starting("holdfast --version, from source", [source, "--version"]),
    starting("holdfast --help", [main, "--help"]),
    starting("holdfast runs", [main, "runs"]),
    starting("holdfast runs, no compile cache", [main, "runs"], uncached),
    starting("holdfast exec -- true (aim: 1.5)", [main, "exec", "--", "true"]),
    ...(isThere("chronic") ? [{ name: "chronic true", cost: () => cpuMs(CHRONIC) }] : []),
    starting("holdfast run, one step", [main, "run", "nothing.ts"]),
    starting("holdfast run, one step, no compile cache", [main, "run", "nothing.ts"], uncached),
    starting("holdfast run, one step, from source", [source, "run", "nothing.ts"]),
  ];
}

try {
  mkdirSync(ENV.HOLDFAST_HOME);
  writeFileSync(join(folder, "hello.mjs"), 'console.log("hello");\n');
  writeFileSync(join(folder, "nothing.ts"), AUTOMATION);
  await printTable({
    name: "start-up",
    title: "Start-up: the CPU time of a process",
    baseline: starting("node -e 0", ["-e", "0"]),
    cases: await cases(),
    unit: (ms) => `${ms.toFixed(1)} ms`,
    rounds: ROUNDS,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
