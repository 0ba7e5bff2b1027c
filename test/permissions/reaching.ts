/** An automation that reaches for what its input names, with permissions that a test gives it. */

import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Permissions } from "../../src/core/permissions.ts";
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
