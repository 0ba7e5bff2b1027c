/** What two looks at a world differ in. Pure. */

/** What stands at one place: a file, a directory, a link, or the value of a probe. */
export interface Fact {
  readonly kind: "file" | "directory" | "link" | "other" | "probe";
  /** Permission bits in octal; files and directories. */
  readonly mode?: string | undefined;
  /** `uid:gid`. */
  readonly owner?: string | undefined;
  readonly bytes?: number | undefined;
  /** The sum of a file, the target of a link, the JSON of a probe. */
  readonly content?: string | undefined;
}

/** A world: what stands where. */
export type Facts = Readonly<Record<string, Fact>>;

/** One place at which two worlds differ. */
export interface Difference {
  readonly path: string;
  readonly expected?: Fact | undefined;
  readonly found?: Fact | undefined;
}

/** How exactly places are compared. */
export interface Looseness {
  /** Places whose content differs from run to run by itself: there the kind alone counts. */
  readonly contents: ReadonlySet<string>;
  /** Shapes of names that differ from run to run by themselves. */
  readonly names: ReadonlySet<string>;
}

/** Everything counts. */
export const EXACT: Looseness = { contents: new Set(), names: new Set() };

/** Where `found` is not as `expected`, in the order of the paths. */
export function differences(
  expected: Facts,
  found: Facts,
  { contents, names }: Looseness = EXACT,
): Difference[] {
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted();
  const differing = paths
    .map((path) => ({ path, expected: expected[path], found: found[path] }))
    .filter((each) => !isSame(each.expected, each.found, contents.has(each.path)));
  return withoutPairs(differing, names);
}

function isSame(a: Fact | undefined, b: Fact | undefined, isLoose: boolean): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind !== b.kind || a.mode !== b.mode || a.owner !== b.owner) return false;
  return isLoose || a.content === b.content;
}

/** A missing and an extra place whose names have one shape, where that shape differs by itself, are one. */
function withoutPairs(all: readonly Difference[], names: ReadonlySet<string>): Difference[] {
  const extra = new Map<string, Difference[]>();
  for (const each of all) {
    if (each.expected === undefined && names.has(shapeOf(each.path)))
      extra.set(shapeOf(each.path), [...(extra.get(shapeOf(each.path)) ?? []), each]);
  }
  const paired = new Set<Difference>();
  for (const each of all) {
    const partner = each.found === undefined ? extra.get(shapeOf(each.path))?.shift() : undefined;
    if (partner !== undefined) paired.add(each).add(partner);
  }
  return all.filter((each) => !paired.has(each));
}

/** What two undisturbed runs differ in by themselves. */
export function loosenessOf(one: Facts, other: Facts): Looseness {
  const all = differences(one, other);
  return {
    contents: new Set(
      all.filter(({ expected, found }) => expected && found).map(({ path }) => path),
    ),
    names: new Set(
      all.filter(({ expected, found }) => !expected || !found).map(({ path }) => shapeOf(path)),
    ),
  };
}

/** A name without what looks like a number, a moment or chance in it: `log-#-#.txt`. */
export function shapeOf(path: string): string {
  return path
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, "#")
    .replaceAll(/[0-9a-z]*\d[0-9a-z]*/gi, "#");
}

/** Whether the permission bits or the owner are all that is not as it was. */
export function isModeOnly({ expected, found }: Difference): boolean {
  return (
    expected !== undefined &&
    found !== undefined &&
    expected.kind === found.kind &&
    expected.content === found.content
  );
}

/** `base` with the changes that led from `from` to `to`. */
export function withChanges(base: Facts, changes: readonly Difference[]): Facts {
  const changed = new Map(Object.entries(base));
  for (const { path, found } of changes) {
    if (found === undefined) changed.delete(path);
    else changed.set(path, found);
  }
  return Object.fromEntries(changed);
}

/** A difference in words, after its path. */
export function inWords({ expected, found }: Difference): string {
  if (expected === undefined) return `should not be there (${describe(found as Fact)})`;
  if (found === undefined) return `is missing (was ${describe(expected)})`;
  if (expected.kind !== found.kind) return `is ${describe(found)}, not ${describe(expected)}`;
  const parts = [
    ...(expected.mode === found.mode ? [] : [`mode ${found.mode}, not ${expected.mode}`]),
    ...(expected.owner === found.owner ? [] : [`owner ${found.owner}, not ${expected.owner}`]),
    ...(expected.content === found.content ? [] : [contentInWords(expected, found)]),
  ];
  return parts.join("; ");
}

function contentInWords(expected: Fact, found: Fact): string {
  if (found.kind === "probe" || found.kind === "link")
    return `${shorten(found.content)}, not ${shorten(expected.content)}`;
  const sizes =
    expected.bytes === found.bytes ? "" : ` (${found.bytes} bytes, not ${expected.bytes})`;
  return `other content${sizes}`;
}

function describe({ kind, bytes, content }: Fact): string {
  if (kind === "file") return `a file of ${bytes} bytes`;
  if (kind === "link") return `a link to ${shorten(content)}`;
  if (kind === "probe") return shorten(content);
  return kind === "directory" ? "a directory" : "neither file nor directory";
}

/** A listing may be long; its beginning tells enough. */
function shorten(text = ""): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
