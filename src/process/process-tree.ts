/** A command's whole tree of processes: finding, signalling and ending it. */

import type { Clock } from "../core/clock.ts";
import { isMarkedWith, namespacePids, readProcesses, type ProcessEntry } from "./process-table.ts";
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

/** How often, at most, those who are new are looked for and held still before all are killed. */
const MOST_STILL_LOOKS = 10;

/** What everyone of a tree is asked; what else comes is for the command, for others it may end. */
const FOR_ALL: ReadonlySet<string> = new Set(
  ["INT", "TERM", "HUP", "KILL", "STOP", "TSTP", "CONT", "WINCH"].map((name) => `SIG${name}`),
);

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** See the header. */
export class ProcessTree {
  readonly #root: TreeRoot;
  readonly #clock: Clock;
  /** Whoever was seen once stays a member, also when its parent is gone by the next look. */
  readonly #known = new Map<number, string>();
  /** How many of them the last look has found for the first time. */
  #newCount = 0;

  constructor(root: TreeRoot, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
    if (root.startTime !== undefined) this.#known.set(root.pid, root.startTime);
  }

  /** Everyone of it who lives and can be found. */
  members(): ProcessEntry[] {
    const { pid, startTime, ownsGroup, isSupervisor = false, mark } = this.#root;
    const table = readProcesses();
    // A child of ours that has the pid of a command of long ago is another one.
    const own =
      startTime === undefined
        ? table.find((entry) => entry.pid === pid && entry.ppid === process.pid)
        : undefined;
    if (own !== undefined) this.#known.set(pid, own.startTime);
    const found = findTree(table, {
      known: this.#known,
      group: ownsGroup ? pid : undefined,
      isMarked: (other) => isMarkedWith(other, mark),
    }).filter((member) => member.pid !== process.pid && !(isSupervisor && member.pid === pid));
    const fresh = found.filter((member) => this.#known.get(member.pid) !== member.startTime);
    this.#newCount = fresh.length;
    for (const member of found) this.#known.set(member.pid, member.startTime);
    return found;
  }

  /** Sends a signal to everyone but wrappers. Answers whether there was anyone. */
  signal(name: NodeJS.Signals): boolean {
    const asked = this.#asked();
    for (const { pid } of asked) send(pid, name);
    return asked.length > 0;
  }

  /** Hands on a signal that came to us: to everyone, or to the command alone where others would die of it. */
  forward(name: NodeJS.Signals): void {
    if (FOR_ALL.has(name)) this.signal(name);
    else for (const { pid } of this.#asked().toSorted(byAge).slice(0, 1)) send(pid, name);
  }

  #asked(): readonly ProcessEntry[] {
    const members = this.members();
    const nested = members.map(({ pid }) => ({ pid, pids: namespacePids(pid) }));
    const asked = new Set(whoIsAsked(nested, namespacePids(process.pid).length));
    return members.filter(({ pid }) => asked.has(pid));
  }

  /** Asks everyone to end, and waits for `graceMs` at most. */
  async ask(graceMs: number): Promise<void> {
    if (graceMs === 0 || !this.signal("SIGTERM")) return;
    // A stopped process sees no signal but this one and SIGKILL.
    this.signal("SIGCONT");
    await this.#untilGone(graceMs, () => undefined);
  }

  /**
   * Kills who is left, again and again until nobody is. Answers who could not be ended: another user's,
   * or one that waits for a device.
   */
  async kill(): Promise<readonly number[]> {
    const left = await this.#untilGone(KILL_LIMIT_MS, (members) => this.#kill(members));
    return left.map(({ pid }) => pid);
  }

  /**
   * Whoever multiplies is held still first: a place that one who was killed leaves in a full table is
   * taken by another one. Then none is missed.
   */
  #kill(found: readonly ProcessEntry[]): void {
    let members = found;
    for (let looks = 0; this.#newCount > 0 && looks < MOST_STILL_LOOKS; looks++) {
      this.#strike(members, "SIGSTOP");
      members = this.members();
    }
    this.#strike(members, "SIGKILL");
  }

  /** A group that is named after a member is a member's: it is struck at once, with those not seen yet. */
  #strike(members: readonly ProcessEntry[], name: NodeJS.Signals): void {
    const { pid: root, ownsGroup, isSupervisor = false } = this.#root;
    const named = members.map(({ group }) => group).filter((group) => this.#known.has(group));
    const groups = new Set(ownsGroup ? [root, ...named] : named);
    // Its own group is the supervisor's alone.
    if (isSupervisor) groups.delete(root);
    for (const group of groups) send(-group, name);
    for (const { pid } of members) send(pid, name);
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

/** The eldest first; those of one moment as they were. */
function byAge(a: ProcessEntry, b: ProcessEntry): number {
  return Number(a.startTime) - Number(b.startTime) || 0;
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone by now, or another user's: who is left is looked up anyway.
  }
}
