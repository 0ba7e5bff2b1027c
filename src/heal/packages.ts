/** Remedies for the package manager of Debian. A lock of it is never deleted: whoever did has broken systems. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { formatMs, type Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { duration, list, readOptions, type Reader } from "../core/options.ts";
import type { ActContext, Remedy } from "../core/remedy.ts";
import { DPKG_INTERRUPTED, PACKAGES_LOCKED } from "./codes.ts";
import { findUsers } from "./in-use.ts";
import {
  checkWithinLimit,
  HOUR,
  limitReaders,
  limitsOf,
  MINUTE,
  SECOND,
  type RemedyLimits,
} from "./limits.ts";
import { perform } from "./probe.ts";
import { readPath } from "./path-option.ts";

/** How long is waited for another package manager. */
export interface PackageLockOptions extends RemedyLimits {
  /** How long to wait at most. Default 5 minutes. */
  readonly wait?: Duration | undefined;
  /** The lock files that stand for it. Default: those of dpkg and apt. */
  readonly files?: readonly string[] | undefined;
}

const LOCK_FILES = [
  "/var/lib/dpkg/lock-frontend",
  "/var/lib/dpkg/lock",
  "/var/lib/apt/lists/lock",
  "/var/cache/apt/archives/lock",
];

const LOCK_READERS = {
  wait: duration({ min: 1, default: 5 * MINUTE }),
  files: list(readPath, { default: LOCK_FILES }),
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 0, limitMs: HOUR }),
} satisfies Record<keyof PackageLockOptions, Reader<unknown>>;

const LOOK_MS = 1_000;

/**
 * Waits until no other process has the locks of dpkg and apt. It changes nothing. Others' processes are
 * seen by root only, who alone installs packages.
 *
 * Defaults: 3 times in a step.
 */
export function packageLock(options: PackageLockOptions = {}): Remedy {
  const settled = readOptions("packageLock", options, LOCK_READERS);
  const { files, wait: waitMs } = settled;
  checkWithinLimit("packageLock", settled, { wait: waitMs });
  if (files.length === 0) throw new OptionsError("packageLock.files", "expected at least one");
  return Object.freeze({
    name: "package-lock",
    target: "the locks of dpkg and apt",
    blastRadius: `waits at most ${formatMs(waitMs)}, and changes nothing`,
    advice: "look what the other apt or dpkg waits for",
    isExclusive: false,
    ...limitsOf(settled, PACKAGES_LOCKED),
    examine: async () => ({
      ...holders(files),
      plan: [`wait at most ${formatMs(waitMs)} until they are free`],
    }),
    act: async ({ clock, signal, did }: ActContext) => {
      const beganAtMs = clock.elapsed();
      while (holders(files).isPresent && clock.elapsed() - beganAtMs < waitMs) {
        await clock.sleep(LOOK_MS, signal);
      }
      did(`waited ${formatMs(clock.elapsed() - beganAtMs)}`);
    },
    measure: async () => {
      const { isPresent, found } = holders(files);
      return { isGone: !isPresent, found };
    },
  });
}

/** Who has the lock files open: they are closed when the lock is given back. */
function holders(files: readonly string[]): {
  readonly isPresent: boolean;
  readonly found: string;
} {
  const users = [...findUsers(files)].map(
    ([file, { pid, name }]) => `${file} is held by process ${pid} (${name})`,
  );
  return users.length === 0
    ? { isPresent: false, found: "nobody holds them" }
    : { isPresent: true, found: users.join(", ") };
}

/** Where dpkg keeps what it knows. */
export interface DpkgInterruptedOptions extends RemedyLimits {
  /** Default `/var/lib/dpkg`. */
  readonly directory?: string | undefined;
}

const DPKG_READERS = {
  directory: (value, path) => (value === undefined ? "/var/lib/dpkg" : readPath(value, path)),
  ...limitReaders({
    times: 1,
    withinMs: HOUR,
    coolDownMs: 10 * SECOND,
    limitMs: 15 * MINUTE,
  }),
} satisfies Record<keyof DpkgInterruptedOptions, Reader<unknown>>;

/**
 * Runs `dpkg --configure -a` after dpkg was interrupted. Configuration files that somebody changed stay
 * as they are.
 *
 * Defaults: once an hour, 10 seconds' cool-down, 15 minutes.
 */
export function dpkgInterrupted(options: DpkgInterruptedOptions = {}): Remedy {
  const settled = readOptions("dpkgInterrupted", options, DPKG_READERS);
  const { directory } = settled;
  const forced = ["--force-confdef", "--force-confold"];
  const command = ["dpkg", "--admindir", directory, ...forced, "--configure", "-a"];
  return Object.freeze({
    name: "dpkg-interrupted",
    target: directory,
    blastRadius: "configures the packages that are unpacked, which may restart their services",
    advice: "run dpkg --configure -a by hand, and read what it says",
    isExclusive: true,
    ...limitsOf(settled, DPKG_INTERRUPTED),
    examine: async () => ({ ...interruption(directory), plan: [`run ${command.join(" ")}`] }),
    act: async ({ signal, did }: ActContext) => {
      await perform(command, signal);
      did(`ran ${command.join(" ")}`);
    },
    measure: async () => {
      const { isPresent, found } = interruption(directory);
      return { isGone: !isPresent, found };
    },
  });
}

/** apt looks at the same: updates that dpkg had begun to write, and not taken over. */
function interruption(directory: string): { readonly isPresent: boolean; readonly found: string } {
  const updates = join(directory, "updates");
  const count = readdirSync(updates).filter((name) => /^\d+$/.test(name)).length;
  return { isPresent: count > 0, found: `${updates} holds ${count} unfinished updates` };
}
