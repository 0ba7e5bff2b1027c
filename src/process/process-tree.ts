/** A command's whole tree of processes: finding, signalling and ending it. */

import type { Clock } from "../core/clock.ts";
import { isStartedWith, namespacePids, readProcesses, type ProcessEntry } from "./process-table.ts";
import { findTree, whoIsAsked } from "./tree.ts";

/** What a tree is told by. */
export interface TreeRoot {
  /** The command's own process. */
  readonly pid: number;
  /** When that is no child of this process any more: its start time. */
  readonly startTime?: string | undefined;
  /** Whether a group, and session, was made for it. */
  readonly ownsGroup: boolean;
  /** Whether that process only watches over the tree: it is no member, and ends last. */
  readonly isSupervisor?: boolean | undefined;
  /** Stands in the environment of it and of what it starts. */
  readonly mark: string;
}

/** How long what was killed may take to be gone. What waits for a dead disk cannot even be killed. */
const KILL_LIMIT_MS = 5_000;

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** See the header. */
export class ProcessTree {
  readonly #root: TreeRoot;
  readonly #clock: Clock;
  /** Whoever was seen once stays a member, also when its parent is gone by the next look. */
  readonly #known = new Map<number, string>();

  constructor(root: TreeRoot, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
    if (root.startTime !== undefined) this.#known.set(root.pid, root.startTime);
  }

  /** Everyone of it who lives and can be found. */
  members(): ProcessEntry[] {
    const { pid, ownsGroup, isSupervisor = false, mark } = this.#root;
    const table = readProcesses();
    const own = table.find((entry) => entry.pid === pid && entry.ppid === process.pid);
    if (own !== undefined) this.#known.set(pid, own.startTime);
    const found = findTree(table, {
      known: this.#known,
      group: ownsGroup ? pid : undefined,
      isMarked: (other) => isStartedWith(other, mark),
    }).filter((member) => member.pid !== process.pid && !(isSupervisor && member.pid === pid));
    for (const member of found) this.#known.set(member.pid, member.startTime);
    return found;
  }

  /** Sends a signal to everyone but wrappers. Answers whether there was anyone. */
  signal(name: NodeJS.Signals): boolean {
    const members = this.members().map(({ pid }) => ({ pid, pids: namespacePids(pid) }));
    const asked = whoIsAsked(members, namespacePids(process.pid).length);
    for (const pid of asked) send(pid, name);
    return asked.length > 0;
  }

  /**
   * Asks everyone to end, waits for `graceMs` at most, and kills who is left, again and again until
   * nobody is. Answers who could not be ended: another user's, or one that waits for a device.
   */
  async end(graceMs: number): Promise<readonly number[]> {
    if (graceMs > 0 && this.signal("SIGTERM")) {
      // A stopped process sees no signal but this one and SIGKILL.
      this.signal("SIGCONT");
      await this.#untilGone(graceMs, () => undefined);
    }
    const left = await this.#untilGone(KILL_LIMIT_MS, (members) => {
      for (const { pid } of members) send(pid, "SIGKILL");
    });
    return left.map(({ pid }) => pid);
  }

  async #untilGone(
    limitMs: number,
    act: (members: readonly ProcessEntry[]) => void,
  ): Promise<readonly ProcessEntry[]> {
    const untilMs = this.#clock.elapsed() + limitMs;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(lookMs * 2, LONGEST_LOOK_MS)) {
      const members = this.members();
      act(members);
      if (members.length === 0 || this.#clock.elapsed() >= untilMs) return members;
      await this.#clock.sleep(lookMs);
    }
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone by now, or another user's: who is left is looked up anyway.
  }
}
