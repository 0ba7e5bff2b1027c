/** A remedy for the `index.lock` that a git process left behind which was killed. */

import { lstatSync, readFileSync, readlinkSync, realpathSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { formatMs, type Duration } from "../core/duration.ts";
import { duration, readOptions, type Reader } from "../core/options.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { GIT_LOCKED } from "./codes.ts";
import { isStartedWith, readPids } from "../process/process-table.ts";
import { commandName, findUsers } from "./in-use.ts";
import {
  checkWithinLimit,
  HOUR,
  limitReaders,
  limitsOf,
  MINUTE,
  type RemedyLimits,
} from "./limits.ts";
import { readPath } from "./path-option.ts";

/** Which repository, and from when on a lock is stale. */
export interface GitIndexLockOptions extends RemedyLimits {
  /** The absolute path of the `.git` directory. */
  readonly gitDirectory: string;
  /** A younger lock is waited for, whoever left it. Default 10 minutes. */
  readonly olderThan?: Duration | undefined;
  /** How long to wait for one that may be in use. Default 1 minute. */
  readonly wait?: Duration | undefined;
}

const READERS = {
  gitDirectory: readPath,
  olderThan: duration({ min: 1, default: 10 * MINUTE }),
  wait: duration({ default: MINUTE }),
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 0, limitMs: HOUR }),
} satisfies Record<keyof GitIndexLockOptions, Reader<unknown>>;

const LOOK_MS = 1_000;

interface Lock {
  /** `undefined` when there is none. */
  readonly state: "in use" | "young" | "stale" | undefined;
  readonly found: string;
  /** Tells it from another one that was made since. */
  readonly identity?: string | undefined;
}

/**
 * Waits for `index.lock`, and deletes it when it is older than `olderThan`, nobody has it open, and no
 * git runs on this machine in that repository or in a place that cannot be told.
 *
 * Defaults: 3 times an hour, no cool-down.
 */
export function gitIndexLock(options: GitIndexLockOptions): Remedy {
  const settled = readOptions("gitIndexLock", options, READERS);
  const { gitDirectory, olderThan, wait: waitMs } = settled;
  checkWithinLimit("gitIndexLock", settled, { wait: waitMs });
  const path = join(gitDirectory, "index.lock");
  const look = (context: RemedyContext) => findLock(path, settled, context.clock.now());
  return Object.freeze({
    name: "git-index-lock",
    target: path,
    blastRadius: `deletes ${path}, when it is older than ${formatMs(olderThan)} and no git runs there`,
    advice: `look whether a git still works in ${gitDirectory}`,
    isExclusive: true,
    ...limitsOf(settled, GIT_LOCKED),
    examine: async (context: RemedyContext) => {
      const { state, found } = look(context);
      const wait = `wait at most ${formatMs(waitMs)} until it is gone`;
      return {
        isPresent: state !== undefined,
        found,
        plan: [state === "stale" ? `delete ${path}` : wait],
      };
    },
    act: async (context: ActContext) => {
      const { clock, signal, did } = context;
      const beganAtMs = clock.elapsed();
      for (;;) {
        const { state, identity } = look(context);
        if (state === undefined) break;
        // Looking for those who use it takes a while, in which another git may have made one.
        if (state === "stale" && identity === identityOf(path)) {
          unlinkSync(path);
          did(`deleted ${path}`);
          return;
        }
        if (clock.elapsed() - beganAtMs >= waitMs) break;
        await clock.sleep(LOOK_MS, signal);
      }
      did(`waited ${formatMs(clock.elapsed() - beganAtMs)}`);
    },
    measure: async (context: RemedyContext) => {
      const { state, found } = look(context);
      return { isGone: state === undefined, found };
    },
  });
}

function findLock(
  path: string,
  { gitDirectory, olderThan }: { readonly gitDirectory: string; readonly olderThan: number },
  nowMs: number,
): Lock {
  const identity = identityOf(path);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { state: undefined, found: `${path} is not there` };
  const ageMs = Math.max(0, nowMs - stats.mtimeMs);
  const user = findUsers([path]).get(path)?.pid ?? findGit(gitDirectory);
  if (user !== undefined) {
    return { state: "in use", found: `${path} may be in use by process ${user}` };
  }
  const found = `${path} is ${formatMs(ageMs)} old, and no git runs there`;
  return { state: ageMs < olderThan ? "young" : "stale", found, identity };
}

function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}:${stats.mtimeNs}`;
}

/** A git that works in this repository, or nobody can tell where. */
function findGit(gitDirectory: string): number | undefined {
  const folder = folderOf(gitDirectory);
  return readPids().find((pid) => {
    if (!/^git(?:-|$)/.test(commandName(pid))) return false;
    const place = placeOf(pid);
    if (folder === undefined || place === undefined || isToldWhere(pid)) return true;
    return place === folder || place.startsWith(`${folder}/`);
  });
}

/** Where the files of a repository lie; those of a worktree or a submodule lie anywhere. */
function folderOf(gitDirectory: string): string | undefined {
  try {
    const real = realpathSync(gitDirectory);
    return basename(real) === ".git" ? dirname(real) : undefined;
  } catch {
    return undefined; // Gone meanwhile.
  }
}

function placeOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // Another user's.
  }
}

/** Whether it was told its repository, so that where it stands says nothing. */
function isToldWhere(pid: number): boolean {
  if (isStartedWith(pid, "GIT_DIR=")) return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0--git-dir");
  } catch {
    return true; // Another user's.
  }
}
