/** Root may do anything; what another user may not is tried as nobody, who must be able to read us. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

/** Options of a process that is not root's: nobody's where we are root, else our own user's. */
export const UNPRIVILEGED = isRoot ? { uid: 65_534, gid: 65_534 } : {};

const script = join(import.meta.dirname, "../scripts/test.js");

/** False where root's checkout lies in a directory that root alone may enter. */
export const isReadable =
  spawnSync(process.execPath, ["--check", script], UNPRIVILEGED).status === 0;
