/** What is handed to the system to start a command. */

import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import type { SpawnOptions } from "node:child_process";
import { MARK_VARIABLE } from "./leftover-record.ts";
import type { OutputTarget, SettledRun } from "./command-options.ts";
import { contain, type Wrapped } from "./contain.ts";
import { limitOf, withLimit } from "./limit-mark.ts";
import { inPlaceOf } from "./own-program.ts";
import { supervise, type Signs } from "./supervisor.ts";
import { unattended, type Variables } from "./unattended.ts";
import { readUser, type User } from "./user.ts";

/** See the header. */
export interface SpawnPlan {
  /** With what is wrapped around it. */
  readonly argv: readonly string[];
  readonly isWrapped: boolean;
  readonly isSupervised: boolean;
  readonly level: string;
  readonly mark: string;
  readonly ownsGroup: boolean;
  readonly cwd: string;
  readonly env: Variables;
  readonly options: SpawnOptions;
}

type StdioName = "pipe" | "ignore" | "inherit";

/** Commands of commands: each adds its mark, so that the outer one still knows them. */
const MOST_MARKS = 16;

/**
 * @param isSupervisable False when a supervisor has been tried in vain.
 * @throws {OptionsError} When the user is not there, or this process may not become it.
 */
export function planSpawn(
  command: readonly string[],
  settled: SettledRun,
  isSupervisable: boolean,
): SpawnPlan {
  const mark = randomUUID();
  const user = settled.user === undefined ? undefined : readUser(settled.user, "command.user");
  const other = user?.uid === process.getuid?.() ? undefined : user;
  const { becomes, ...around } = wrapped(command, settled, other);
  const { isOpen = around.level === "plain" } = around;
  const ownsGroup = !hasTerminal();
  const cwd = settled.cwd ?? process.cwd();
  const env = environment(settled, mark, user);
  const signs = { ownsGroup, mark };
  const isAsked = isOpen && settled.supervise && isSupervisable;
  const supervised = isAsked ? supervise(around.argv, env, signs) : undefined;
  const { argv, level } = supervised ?? (isOpen ? marked(around.argv, settled, signs) : around);
  const options: SpawnOptions = {
    ...(argv === around.argv ? {} : inPlaceOf(around.argv)),
    cwd,
    env: supervised?.env ?? env,
    stdio: [...stdioOf(settled), ...(supervised === undefined ? [] : ["pipe" as const])],
    detached: ownsGroup,
    windowsHide: true,
    ...(becomes === undefined ? {} : { uid: becomes.uid, gid: becomes.gid }),
  };
  const isSupervised = supervised !== undefined;
  // What a sandbox reached says more than how its processes are held.
  const reached = around.level === "plain" ? level : around.level;
  const isWrapped = argv !== command;
  return { argv, isWrapped, isSupervised, level: reached, ...signs, cwd, env, options };
}

/** Where more is asked for than a look at the tree. It takes a shell, so not everybody gets it. */
function marked(
  command: readonly string[],
  { supervise: isAsked, records }: SettledRun,
  { mark }: Signs,
): Wrapped {
  const isWanted = process.platform === "linux" && (isAsked || records !== undefined);
  const argv = isWanted ? withLimit(command, limitOf(mark)) : undefined;
  return argv === undefined ? { argv: command, level: "plain" } : { argv, level: "marked" };
}

/** `becomes` is the user that the system is to change to; within a namespace that is done inside. */
function wrapped(
  command: readonly string[],
  { contain: isContained, wrap }: SettledRun,
  user: User | undefined,
): Wrapped & { readonly becomes: User | undefined } {
  if (wrap !== undefined) return { ...wrap(command), becomes: user };
  if (isContained) {
    // It is made with our rights.
    const held = contain(user === undefined ? command : asUser(user, command));
    if (held.level !== "plain") return { ...held, becomes: undefined };
  }
  return { argv: command, level: "plain", becomes: user };
}

function asUser({ uid, gid }: User, command: readonly string[]): readonly string[] {
  return ["setpriv", "--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups", "--", ...command];
}

function environment(settled: SettledRun, mark: string, user: User | undefined): Variables {
  const given = settled.env ?? process.env;
  const marks = [...(given[MARK_VARIABLE] ?? "").split(" "), mark].filter((each) => each !== "");
  const ofUser = user && { HOME: user.home, USER: user.name, LOGNAME: user.name };
  return {
    ...(settled.unattended ? unattended(given) : given),
    ...ofUser,
    [MARK_VARIABLE]: marks.slice(-MOST_MARKS).join(" "),
  };
}

/**
 * Node makes a group only by setsid(2), and a new session has no terminal: no prompt of ssh or sudo on
 * /dev/tty, no Ctrl-Z. So where there is a terminal the command stays in our group, and in the
 * foreground with it, and its tree is found without one.
 */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

function stdioOf({ input, stdin, stdout, stderr, ...settled }: SettledRun): StdioName[] {
  const mustHear = settled.idleTimeout !== Infinity || settled.onLine !== undefined;
  return [
    input === undefined ? stdin : "pipe",
    descriptorOf(stdout, 1, mustHear),
    descriptorOf(stderr, 2, mustHear),
  ];
}

function descriptorOf(target: OutputTarget, own: 1 | 2, mustHear: boolean): StdioName {
  if (target === "inherit" || target === "ignore") return target;
  return target === "pass" && !mustHear && isatty(own) ? "inherit" : "pipe";
}
