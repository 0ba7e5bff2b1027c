/** Which files make room: the rule, without a disk. */

/** A file that matches. */
export interface Candidate {
  readonly path: string;
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
}

/** What there is too little of. */
export type Resource = "bytes" | "inodes";

/** All but the newest `keep`, the oldest first; of those that free nothing none. */
export function selectOldest(
  candidates: readonly Candidate[],
  keep: number,
  resource: Resource,
): Selection {
  const oldestFirst = candidates.toSorted(
    (a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1),
  );
  const surplus = oldestFirst.slice(0, Math.max(0, oldestFirst.length - keep));
  const frees = ({ bytes, links }: Candidate) =>
    links === 1 && (resource === "inodes" || bytes > 0);
  return {
    deletable: surplus.filter(frees),
    keptCount: oldestFirst.length - surplus.length,
  };
}

/** How many of them have to go, by what they take, until so much is free; they are at least that many. */
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
  return count === -1 ? deletable : deletable.slice(0, count + 1);
}

/** The part of a glob that holds no sign with a meaning: the directory that nothing leads out of. */
export function rootOf(glob: string): string {
  const parts = glob.split("/");
  const first = parts.findIndex((part) => /[*?[\]{}!+@()\\]/.test(part));
  return parts.slice(0, first === -1 ? -1 : first).join("/") || "/";
}
