/** Which files make room: the rule, without a disk. */

/** A file that matches. */
export interface Candidate {
  readonly path: string;
  /** Tells it from another file that was put in its place, as rotations of logs do. */
  readonly inode: number;
  readonly modifiedMs: number;
  /** What it takes on the disk; a file with holes takes less than its size. */
  readonly bytes: number;
  /** How many names it has: while it has another one, deleting this one frees nothing. */
  readonly links: number;
}

/** Files that may be deleted, the oldest first, and those that must stay. */
export interface Selection {
  readonly deletable: readonly Candidate[];
  /** How many stay because they are among the newest. */
  readonly keptCount: number;
  /** How many stay because they were written since the step began. */
  readonly freshCount: number;
}

/** What must stay. */
export interface Keeping {
  /** How many of the newest. */
  readonly keep: number;
  /** When the step began. What was written since may be its own half-written file. */
  readonly beganAtMs: number;
}

/** What there is too little of. */
export type Resource = "bytes" | "inodes";

/** The clock by which files are stamped is behind by up to a tick, of 10 ms at most. Source: time(7). */
const TICK_MS = 10;

/**
 * All but the newest `keep`, the oldest first; of those that free nothing none. What the step itself has
 * written stays and is none of the newest: it may be half of an archive, which is to be undone.
 */
export function selectOldest(
  candidates: readonly Candidate[],
  { keep, beganAtMs }: Keeping,
  resource: Resource,
): Selection {
  const settled = candidates.filter(({ modifiedMs }) => modifiedMs < beganAtMs - TICK_MS);
  const oldestFirst = settled.toSorted(
    (a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1),
  );
  const surplus = oldestFirst.slice(0, Math.max(0, oldestFirst.length - keep));
  const frees = ({ bytes, links }: Candidate) =>
    links === 1 && (resource === "inodes" || bytes > 0);
  return {
    deletable: surplus.filter(frees),
    keptCount: oldestFirst.length - surplus.length,
    freshCount: candidates.length - settled.length,
  };
}

/**
 * Those that have to go, by what they take, until so much is free. None when all of them together are
 * not enough: they would be lost in vain.
 */
export function neededOf(
  deletable: readonly Candidate[],
  missing: number,
  resource: Resource,
): readonly Candidate[] {
  let freed = 0;
  const count = deletable.findIndex(({ bytes }) => {
    freed += resource === "inodes" ? 1 : bytes;
    return freed >= missing;
  });
  return deletable.slice(0, count + 1);
}

/** The part of a glob that holds no sign with a meaning: the directory that nothing leads out of. */
export function rootOf(glob: string): string {
  const parts = glob.split("/");
  const first = parts.findIndex((part) => /[*?[\]{}!+@()\\]/.test(part));
  return parts.slice(0, first === -1 ? -1 : first).join("/") || "/";
}
