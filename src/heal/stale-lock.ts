/** Remedies for lock files and pid files that a process left behind which is gone. */

import { unlinkSync } from "node:fs";
import { readOptions, type Reader } from "../core/options.ts";
import type { ActContext, Remedy } from "../core/remedy.ts";
import { LOCKED } from "./codes.ts";
import { HOUR, limitReaders, limitsOf, SECOND, type RemedyLimits } from "./limits.ts";
import { readOwnerFile } from "./owner-of.ts";
import { readPath } from "./path-option.ts";

/** Which file stands for a lock. */
export interface StaleLockOptions extends RemedyLimits {
  /** Its absolute path. It begins with its owner's pid, which stands by itself. */
  readonly path: string;
}

const READERS = {
  path: readPath,
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 0, limitMs: 10 * SECOND }),
} satisfies Record<keyof StaleLockOptions, Reader<unknown>>;

/**
 * Deletes a lock file whose owner is gone: no process has the pid that stands in it. A file without a
 * pid, or whose pid any process has, stays, and the step is retried as without the remedy: even where
 * that process seems to be younger than the file, for the clock may have been set meanwhile. Where the file is shared with other machines or containers, pids mean
 * nothing: do not use it there.
 *
 * Defaults: 3 times an hour, no cool-down, 10 seconds.
 */
export function staleLock(options: StaleLockOptions): Remedy {
  return ofDeadOwner("stale-lock", options);
}

/** Does what `staleLock` does, for the pid file of a service that died. */
export function pidFile(options: StaleLockOptions): Remedy {
  return ofDeadOwner("pid-file", options);
}

function ofDeadOwner(name: string, options: StaleLockOptions): Remedy {
  const settled = readOptions(name, options, READERS);
  const { path } = settled;
  return Object.freeze({
    name,
    target: path,
    blastRadius: `deletes ${path}, when the process that it names is gone`,
    advice: `look who has ${path}, and delete it when nobody has`,
    isExclusive: true,
    ...limitsOf(settled, LOCKED),
    examine: async () => {
      // A lock whose owner lives is no stale one: it is waited for, as retries do.
      const { writer, found } = readOwnerFile(path);
      return { isPresent: writer === "gone", found, plan: [`delete ${path}`] };
    },
    act: async ({ did }: ActContext) => {
      const seen = readOwnerFile(path);
      if (seen.writer !== "gone") throw new Error(seen.found);
      // As late as can be: a new owner may have come meanwhile.
      if (readOwnerFile(path).identity !== seen.identity) throw new Error(`${path} has changed`);
      unlinkSync(path);
      did(`deleted ${path} of process ${seen.pid}`);
    },
    measure: async () => {
      const { isThere, writer, found } = readOwnerFile(path);
      // A new owner may have taken it already: that is no stale lock any more.
      return { isGone: !isThere || writer === "alive" || writer === "unsure", found };
    },
  });
}
