/** The six kinds of descendants that a command can have, and who of them still lives. */

import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "descendants.sh");
const KINDS = [1, 2, 3, 4, 5, 6];

/** See the header. They are told by what they are called with. */
export class Descendants {
  readonly #digits = String(randomInt(1e7, 1e8));

  /** The command that starts them, and waits. */
  get argv(): string[] {
    return ["sh", SCRIPT, this.#digits];
  }

  /** Settles once all of them run. */
  started(): Promise<void> {
    return this.survivorsAre(KINDS);
  }

  /** The kinds of those who live. */
  survivors(): number[] {
    return this.#living().map(({ kind }) => kind);
  }

  /** Settles once those who live are of these kinds, and no others. */
  survivorsAre(kinds: readonly number[]): Promise<void> {
    return until(() => this.survivors().join() === kinds.join());
  }

  /** Ends whoever is left. */
  close(): void {
    for (const { pid } of this.#living()) process.kill(pid, "SIGKILL");
  }

  #living(): { kind: number; pid: number }[] {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids
      .flatMap((pid) => {
        const kind = KINDS.find((each) => commandLine(pid) === `sleep\0${each}${this.#digits}\0`);
        return kind === undefined ? [] : [{ kind, pid: Number(pid) }];
      })
      .toSorted((a, b) => a.kind - b.kind);
  }
}

/** Looks again and again. A test that waits in vain is ended by its time limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** What a process was called with, each part with a zero behind it. Empty for a zombie, and who is gone. */
export function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
