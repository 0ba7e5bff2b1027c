/** The flags of `holdfast exec`, and what they say. */

import { basename, resolve } from "node:path";
import { OptionsError } from "../../core/errors.ts";
import { REMEDY_NAMES } from "../../heal/names.ts";
import { UsageError, type Arguments, type Flag, type Flags, type World } from "../command.ts";
import { checkArgumentBytes } from "./argument-bytes.ts";
import { PLAN_READERS, readGuarding, type ExecPlan, type Guarding } from "./plan.ts";
import { readProfile, type Profile } from "./profile.ts";

const text = (value: string, summary: string): Flag => ({ type: "string", value, summary });
const texts = (value: string, summary: string): Flag => ({
  ...text(value, summary),
  multiple: true,
});
const yes = (summary: string): Flag => ({ type: "boolean", summary });

/** The flags that a profile can hold, too, under their names in camel case. */
export const GUARDING_FLAGS = {
  attempts: text("N", "How often it may run in all; default 1, and 4 with --retry-on"),
  backoff: text(
    "KIND:FROM..TO",
    "The wait before each retry: exponential:1s..60s (the default), linear:…, fibonacci:…, fixed:5s, or 1s,5s,30s",
  ),
  timeout: text("DURATION", "The limit for all attempts and waits together"),
  "attempt-timeout": text("DURATION", "The limit for one attempt"),
  "idle-timeout": text("DURATION", "How long it may write nothing"),
  grace: text(
    "DURATION",
    "How long it may take to end on SIGTERM before it is killed; default 10s",
  ),
  "retry-on": texts(
    "CODES|/PATTERN/",
    "Retry only these ends: 75,100-110, SIGKILL, or a pattern in its output",
  ),
  "fatal-on": texts("CODES|/PATTERN/", "Never retry these ends"),
  verify: texts(
    "COMMAND",
    "Run by sh after it ended with 0; it has failed unless this ends with 0, too",
  ),
  "expect-output": texts(
    "TEXT|/PATTERN/",
    "It has failed unless the last 64 KiB of its standard output hold this",
  ),
  "min-size": texts("FILE=SIZE", "It has failed unless FILE is at least this large: out.gz=1MB"),
  undo: text(
    "COMMAND",
    "Run by sh when it failed, before each retry and at the end: takes back what it did",
  ),
  cleanup: text("COMMAND", "Run by sh at the end, however it ended"),
  heal: {
    ...texts(
      "REMEDY",
      "When it failed by this cause, cure that and try once more: 'disk-full clear=/var/backups/*.gz keep=7'; remedies below",
    ),
    offers: REMEDY_NAMES.map(({ name }) => name),
  },
  lock: text("NAME", "Only one at a time, of all that name this lock"),
  "lock-wait": text(
    "DURATION|skip|fail",
    "When the lock is held: wait so long, exit with 0, or with 69 (the default)",
  ),
  breaker: text(
    "NAME",
    "Do not start it while it keeps failing; shared by all that name this breaker",
  ),
  "breaker-failures": text("N", "Failures in a row that open the breaker; default 5"),
  "breaker-pause": text("DURATION", "How long the breaker stays open; default 5m"),
  cwd: text("DIRECTORY", "Where it is run"),
  env: texts("NAME=VALUE", "A variable of its environment"),
  user: text("NAME", "The user that it is run as; only for root"),
  read: texts("PATH", "In a sandbox: what it may read"),
  write: texts("PATH", "In a sandbox: what it may write"),
  net: texts("HOST:PORT", "In a sandbox: it has a network; hosts are not told apart"),
  "no-net": yes("In a sandbox: no network"),
  "require-sandbox": yes("Do not run it where the machine cannot keep it to all of these"),
  "dry-run": yes("Show what files it would change, and change none; without a network"),
  transaction: yes("Keep what it changed in files only when it and its --verify went well"),
  "strict-envelope": yes("It has failed when it took or wrote far less than its former runs"),
  "quiet-on-success": yes("Hold its output back, and print it only when it failed"),
  alert: text(
    "COMMAND",
    "Run by sh when a human is needed, with what happened as JSON on its stdin",
  ),
  shell: yes("COMMAND is a line for sh, and what follows are its $1, $2, …"),
  name: text("NAME", "What the run is called; default the command's file name"),
  tag: texts("TAG", "A word to tell runs by"),
} as const satisfies Flags;

/** What the command line asks for, with the profile that it names. Rejects with `UsageError`. */
export async function readAsked(args: Arguments, world: World): Promise<ExecPlan> {
  const { guarding } = await readAskedGuarding(args, world);
  return planOf(guarding, args.positionals, world);
}

/** How a command is guarded: what flags say holds before what the profile says. */
export async function readAskedGuarding(
  args: Arguments,
  world: World,
): Promise<{ readonly data: Profile; readonly guarding: Guarding }> {
  const flags = dataOf(args);
  const name = args.text("profile");
  const profile = name === undefined ? {} : await readProfile(name, world);
  const data = { ...profile, ...flags };
  return { data, guarding: readFlags(data) };
}

function readFlags(data: Profile): Guarding {
  try {
    return readGuarding(data, OWNER);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    // Who gave flags reads of flags, and who wrote a profile of names.
    throw new UsageError(
      error.message.replaceAll(
        /^exec\.(\w+)|(?<=: (?:excludes|means nothing without) )(\w+)$/g,
        (_, name?: string, other = "") => `--${kebab(name ?? other)}`,
      ),
    );
  }
}

const OWNER = "exec";

/** What flags say, as a profile would. */
function dataOf(args: Arguments): Profile {
  const data = Object.keys(PLAN_READERS).flatMap((name) => {
    const value = valueOf(kebab(name), args);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(data);
}

function valueOf(name: string, args: Arguments): unknown {
  const { type, multiple } = (GUARDING_FLAGS as Flags)[name] as Flag;
  if (type === "boolean") return args.has(name) || undefined;
  if (multiple === true) return args.texts(name).length === 0 ? undefined : args.texts(name);
  const given = args.text(name);
  // What is no number is told as it was given.
  return NUMBERS.includes(name) && given !== undefined && /^\d+$/.test(given)
    ? Number(given)
    : given;
}

const NUMBERS: readonly string[] = ["attempts", "breaker-failures"];

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The command, and how it is guarded. @throws {UsageError} When there is none. */
export function planOf(guarding: Guarding, words: readonly string[], { cwd }: World): ExecPlan {
  const [program] = words;
  if (program === undefined || program === "") {
    throw new UsageError("COMMAND is missing; it stands after --");
  }
  checkArgumentBytes(words);
  const argv = guarding.shell ? ["sh", "-c", program, "sh", ...words.slice(1)] : words;
  const name = guarding.name ?? (guarding.shell ? nameOfLine(program) : nameOfProgram(program));
  return { ...guarding, argv, name, cwd: resolve(cwd, guarding.cwd ?? "") };
}

/** The first word of a line, where it is one. */
export function nameOfLine(line: string): string {
  const [word = ""] = line.trim().split(/\s+/);
  return /^[\w./+-]+$/.test(word) ? nameOfProgram(word) : "sh";
}

/** Its file's name; of `/` there is none. */
export function nameOfProgram(program: string): string {
  return basename(program) || program;
}
