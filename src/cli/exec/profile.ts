/** Finds and reads `holdfast.config.ts`: profiles, which keep long lists of flags out of crontabs. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { formatMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { readOptions, record, type Reader } from "../../core/options.ts";
import type { World } from "../command.ts";
import { AutomationFileError } from "../load-error.ts";
import { nearest } from "../nearest.ts";
import { PLAN_READERS, readGuarding } from "./plan.ts";
import { remediesOf } from "./remedies.ts";

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
export async function readProfile(name: string, { cwd, env, clock }: World): Promise<Profile> {
  const file = findConfig(cwd, env);
  if (file === undefined) {
    throw new AutomationFileError(
      NAMES[0] as string,
      `there is none in ${cwd}, above it, or in ${configHome(env)}`,
      `Write one: export default { profiles: { ${JSON.stringify(name)}: { attempts: 3 } } }`,
    );
  }
  const profiles = await loadProfiles(file, clock);
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
  checkNames(value, path);
  readGuarding(value, path);
  return value as Profile;
};

/** A typo is told by what was probably meant: all that there is would be a long list. */
function checkNames(value: unknown, path: string): void {
  const known = Object.keys(PLAN_READERS);
  for (const name of Object.keys(Object(value) as object)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known) ?? nearest(camel(name), known);
    if (near !== undefined)
      throw new OptionsError(`${path}.${name}`, `unknown; did you mean ${near}?`);
  }
}

/** As a flag is called in a profile. */
function camel(name: string): string {
  return name
    .replace(/^--/, "")
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** @throws {OptionsError} For a remedy that there is not, or that is told what it does not know. */
async function checkRemedies(profiles: Readonly<Record<string, Profile>>): Promise<void> {
  for (const [name, profile] of Object.entries(profiles)) {
    const path = `config.profiles.${name}`;
    const { heal } = readGuarding(profile, path);
    await remediesOf({ heal }, `${path}.heal`);
  }
}

const CONFIG_READERS = { profiles: record(readProfileData, { default: {} }) };

/** A file that waits for something of its own must not keep a job waiting for ever. */
const LOAD_LIMIT_MS = 10_000;

async function loadProfiles(
  file: string,
  clock: Clock,
): Promise<Readonly<Record<string, Profile>>> {
  const loaded = new AbortController();
  const late = clock.sleep(LOAD_LIMIT_MS, loaded.signal).then(
    () => Promise.reject(new Error(`it did not end within ${formatMs(LOAD_LIMIT_MS)}`)),
    () => undefined,
  );
  try {
    const loading = import(pathToFileURL(file).href) as Promise<{ default?: unknown }>;
    const module = (await Promise.race([loading, late])) ?? (await loading);
    const { profiles } = readOptions("config", module.default, CONFIG_READERS);
    await checkRemedies(profiles);
    return profiles;
  } catch (error) {
    const problem =
      error instanceof OptionsError ? error.message : `it cannot be loaded: ${String(error)}`;
    throw new AutomationFileError(
      file,
      problem,
      "Write: export default { profiles: { name: { … } } }, with the flags of holdfast exec in camel case.",
    );
  } finally {
    loaded.abort();
  }
}
