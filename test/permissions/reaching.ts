/** An automation that reaches for what its input names, with permissions that a test gives it. */

import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Permissions } from "../../src/core/permissions.ts";
import { isStartedWith, readProcesses } from "../../src/process/process-table.ts";
import { holdfast, type Ended, type Place } from "../cli-process.ts";

const TEXT = readFileSync(join(import.meta.dirname, "../fixtures/permissions/reaches.ts"), "utf8");

/** Writes it into a project of its own, and answers its path. It may write into `out` beside it. */
export function reaching(at: Place, more: Permissions = {}): string {
  const out = join(at.root, "out");
  mkdirSync(out, { recursive: true });
  symlinkSync(at.root, join(out, "way"));
  const permissions = { ...more, write: [out, ...(more.write ?? [])] };
  return at.file(
    "project/reaches.ts",
    TEXT.replace('"PLACE"', JSON.stringify(at.root)).replace(
      "permissions = {}",
      `permissions = ${JSON.stringify(permissions)}`,
    ),
  );
}

/** Lets it reach for `what`, and answers how that ended. */
export function reach(
  at: Place,
  file: string,
  what: string,
  { env = {}, flags = [] }: { env?: Record<string, string>; flags?: readonly string[] } = {},
): Promise<Ended> {
  const input = JSON.stringify({ what });
  return holdfast(at, ["run", file, "--input", input, "--fresh", ...flags], {
    UNDECLARED: "set outside",
    ...env,
  });
}

/** Resolves once so many processes that were started in `at` run; the test's own limit ends the wait. */
export async function untilThereAre(at: Place, isEnough: (names: readonly string[]) => boolean) {
  const home = `HOME=${at.root}`.replace(/^.*(?=place-)/, "");
  for (;;) {
    const pids = readProcesses().filter(
      ({ pid, isZombie }) => !isZombie && isStartedWith(pid, home),
    );
    if (isEnough(pids.map(({ pid }) => nameOf(pid)))) return;
    await sleep(20);
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
