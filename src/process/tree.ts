/**
 * Which processes belong to a command: a pure rule over the table of processes.
 *
 * No sign alone is enough. A descendant whose parent has ended is nobody's child any more; `setsid`
 * leaves the group; `env -i` drops the mark in the environment. What does all three at once is found
 * only by a limit that it inherited, or held by a supervisor or a pid namespace.
 */

import type { ProcessEntry } from "./process-table.ts";

/** What members of a tree are told by. */
export interface TreeSigns {
  /** Members that were seen before, by pid, with their start times. */
  readonly known: ReadonlyMap<number, string>;
  /** The group, and session, that was made for the command. */
  readonly group?: number | undefined;
  /** Whether the process carries the command's mark. Asked only where it must be. */
  readonly isMarked: (pid: number) => boolean;
}

/** The members that live, in the order of the table. */
export function findTree(table: readonly ProcessEntry[], signs: TreeSigns): ProcessEntry[] {
  const members = new Set<number>();
  const children = childrenIn(table);
  for (const entry of table) if (isOwn(entry, signs)) members.add(entry.pid);
  addDescendants(children, members);
  for (const { pid } of table) if (!members.has(pid) && signs.isMarked(pid)) members.add(pid);
  addDescendants(children, members);
  return table.filter(({ pid, isZombie }) => members.has(pid) && !isZombie);
}

function isOwn({ pid, group, session, startTime }: ProcessEntry, signs: TreeSigns): boolean {
  if (signs.known.get(pid) === startTime) return true;
  return signs.group !== undefined && (group === signs.group || session === signs.group);
}

/** Each process is looked at once, however long the line of its parents is. */
function addDescendants(children: ReadonlyMap<number, readonly number[]>, members: Set<number>) {
  // A set that grows while it is gone through is gone through to its new end.
  for (const pid of members) for (const child of children.get(pid) ?? []) members.add(child);
}

function childrenIn(table: readonly ProcessEntry[]): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const { pid, ppid } of table) {
    const siblings = children.get(ppid);
    if (siblings === undefined) children.set(ppid, [pid]);
    else siblings.push(pid);
  }
  return children;
}

/** A member, and its pids in each pid namespace that it is in, ours first. */
export interface Nested {
  readonly pid: number;
  readonly pids: readonly number[];
}

/**
 * Those who are asked to end, where something may be wrapped around the command. A wrapper that ends
 * takes its namespace with it, and nobody inside could clean up: so it is passed over, as is the first
 * process of a namespace, unless that is all there is.
 */
export function whoIsAsked(members: readonly Nested[], ownDepth: number): number[] {
  const inside = members.filter(({ pids }) => pids.length > ownDepth);
  const beside = inside.filter(({ pids }) => pids.at(-1) !== 1);
  const [asked] = [beside, inside, members].filter(({ length }) => length > 0);
  return (asked ?? []).map(({ pid }) => pid);
}
