/** Starts `journal-child.ts`, and hears what it tells. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A child that is killed at the latest when the test ends. */
export interface JournalProcess {
  /** All that it has told, but "ready" and "done". */
  readonly lines: readonly string[];
  /** Resolves once it has told so many lines, or is done, or has ended. */
  heard(count: number): Promise<void>;
  /** Lets it begin, or end what it does until it is told. */
  goOn(): void;
  /** Ends it like a power cut would, and resolves when all that it told is in `lines`. */
  kill(): Promise<void>;
}

/** Resolves when the child waits for `goOn`. */
export async function startJournalProcess(...args: readonly string[]): Promise<JournalProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "journal-child.ts"), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  const closed = once(output, "close");
  const ready = once(output, "line");
  let isDone = false;
  void closed.then(() => (isDone = true));
  await Promise.race([ready, closed]);
  output.on("line", (line) => {
    if (line === "done") isDone = true;
    else lines.push(line);
  });
  return {
    lines,
    async heard(count) {
      while (!isDone && lines.length < count) {
        await Promise.race([once(output, "line"), closed]);
      }
    },
    goOn: () => void child.stdin.write("\n"),
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
