/** Where the state of this user's automations is kept. */

import { homedir } from "node:os";
import { isAbsolute, join, normalize } from "node:path";
import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The directory of all state: `$HOLDFAST_HOME`, else `$XDG_STATE_HOME/holdfast`, else
 * `~/.local/state/holdfast`. A variable that is empty counts as not set.
 *
 * A relative `$XDG_STATE_HOME` is ignored, as the XDG Base Directory Specification demands.
 *
 * @throws {OptionsError} When `$HOLDFAST_HOME`, or the home directory where it is needed, is not an
 * absolute path: the same automation would have another journal in every directory. When it lies in
 * /proc.
 */
export function stateHome(env: Environment): string {
  const own = env["HOLDFAST_HOME"] ?? "";
  if (own !== "") return requireOnDisk("HOLDFAST_HOME", requireAbsolute("HOLDFAST_HOME", own));
  const xdg = env["XDG_STATE_HOME"] ?? "";
  if (isAbsolute(xdg)) return requireOnDisk("XDG_STATE_HOME", join(xdg, "holdfast"));
  return join(requireAbsolute("HOME", homedir()), ".local", "state", "holdfast");
}

/** The journal's file: `holdfast.db` in `stateHome`. @throws {OptionsError} As `stateHome` does. */
export function journalFile(env: Environment): string {
  return join(stateHome(env), "holdfast.db");
}

/** The directory of the runs' logs: `logs` in `stateHome`. @throws {OptionsError} As `stateHome` does. */
export function logDirectory(env: Environment): string {
  return join(stateHome(env), "logs");
}

function requireAbsolute(variable: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw new OptionsError(variable, `expected an absolute path, received ${show(path)}`);
}

/** In /proc nothing can be made, and Node tries for ever: each time it hears that a parent is missing. */
function requireOnDisk(variable: string, path: string): string {
  if (!/^\/proc(\/|$)/.test(normalize(path))) return path;
  throw new OptionsError(variable, `expected a directory on a disk, received ${show(path)}`);
}
