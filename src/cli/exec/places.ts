/** The paths and users that flags name, looked at before anything is done: a slip of the pen is the user's to mend. */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { OptionsError } from "../../core/errors.ts";
import { readUser } from "../../process/user.ts";
import { UsageError } from "../command.ts";
import type { ExecPlan } from "./plan.ts";

/**
 * @throws {UsageError} For a path of `--read` or `--write` that is not there, or that cannot be laid over
 * where an overlay is asked for.
 */
export function checkPlaces({ cwd, read, write, dryRun, transaction }: ExecPlan): void {
  for (const path of read) find(path, { cwd, flag: "--read" });
  for (const path of write) {
    const isDirectory = find(path, { cwd, flag: "--write" });
    if (isDirectory || !(dryRun || transaction)) continue;
    const mode = dryRun ? "--dry-run" : "--transaction";
    throw new UsageError(`--write: ${path} is not a directory, which it must be with ${mode}`);
  }
}

function find(path: string, { cwd, flag }: { readonly cwd: string; readonly flag: string }) {
  const place = resolve(cwd, path);
  try {
    return statSync(place).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${flag}: ${place} ${problemOf(path, code)}`);
  }
}

function problemOf(path: string, code: string | undefined): string {
  if (code !== "ENOENT") return `cannot be looked at (${code})`;
  if (path.startsWith("~"))
    return "is not there: a shell leaves ~ as it is within quotes and after =";
  return "is not there; make it first, or name the directory in which it will be";
}

/** @throws {UsageError} For a user that there is not, or that this process may not become. */
export function checkUser({ user }: ExecPlan): void {
  if (user === undefined) return;
  try {
    readUser(user, "--user");
  } catch (error) {
    throw error instanceof OptionsError ? new UsageError(error.message) : error;
  }
}
