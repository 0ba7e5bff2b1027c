import type { ChildProcess } from "node:child_process";

/** Kills a process that was started with a group of its own, and all in it; it may have ended before. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}
