/** Finds and reads `holdfast.config.ts`: profiles, which keep long lists of flags out of crontabs. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { OptionsError } from "../../core/errors.ts";
import { readOptions, record, type Reader } from "../../core/options.ts";
import type { World } from "../command.ts";
import { AutomationFileError } from "../load-error.ts";
import { nearest } from "../nearest.ts";
import { readGuarding } from "./plan.ts";

const NAMES = [
  "holdfast.config.ts",
  "holdfast.config.mts",
  "holdfast.config.js",
  "holdfast.config.mjs",
];

/** The data of a profile, as it stands in the file. */
export type Profile = Readonly<Record<string, unknown>>;

/**
 * Reads the profile `name` from the first file upward from the working directory, else from the one in
 * `$XDG_CONFIG_HOME/holdfast`. All of that file's profiles are checked, for one with a typo in it is
 * found out better by day than by the job that needs it.
 *
 * Rejects with `AutomationFileError`.
 */
export async function readProfile(name: string, { cwd, env }: World): Promise<Profile> {
  const file = findConfig(cwd, env);
  if (file === undefined) {
    throw new AutomationFileError(
      NAMES[0] as string,
      `there is none in ${cwd}, above it, or in ${configHome(env)}`,
      `Write one: export default { profiles: { ${JSON.stringify(name)}: { attempts: 3 } } }`,
    );
  }
  const profiles = await loadProfiles(file);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile !== undefined) return profile;
  const near = nearest(name, Object.keys(profiles));
  throw new AutomationFileError(
    file,
    `it has no profile ${JSON.stringify(name)}`,
    near === undefined
      ? `It has ${Object.keys(profiles).join(", ") || "none"}.`
      : `Did you mean ${near}?`,
  );
}

/** The nearest one upward, else the user's own; `undefined` where there is none. */
export function findConfig(cwd: string, env: World["env"]): string | undefined {
  const above: string[] = [];
  for (let at = cwd; ; at = dirname(at)) {
    above.push(at);
    if (dirname(at) === at) break;
  }
  const places = [...above, configHome(env)];
  return places
    .flatMap((place) => NAMES.map((name) => join(place, name)))
    .find((file) => existsSync(file));
}

function configHome(env: World["env"]): string {
  const given = env["XDG_CONFIG_HOME"] ?? "";
  return join(isAbsolute(given) ? given : join(env["HOME"] ?? homedir(), ".config"), "holdfast");
}

const readProfileData: Reader<Profile> = (value, path) => {
  readGuarding(value, path);
  return value as Profile;
};

const CONFIG_READERS = { profiles: record(readProfileData, { default: {} }) };

async function loadProfiles(file: string): Promise<Readonly<Record<string, Profile>>> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return readOptions("config", module.default, CONFIG_READERS).profiles;
  } catch (error) {
    const problem =
      error instanceof OptionsError ? error.message : `it cannot be loaded: ${String(error)}`;
    throw new AutomationFileError(
      file,
      problem,
      "Write: export default { profiles: { name: { … } } }, with the flags of holdfast exec in camel case.",
    );
  }
}
