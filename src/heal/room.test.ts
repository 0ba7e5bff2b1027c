import fc from "fast-check";
import { expect, test } from "vitest";
import { neededOf, rootOf, selectOldest, type Candidate } from "./room.ts";

const file = (path: string, change: Partial<Candidate> = {}): Candidate => ({
  path,
  modifiedMs: 0,
  bytes: 10,
  links: 1,
  ...change,
});

const candidates = fc.uniqueArray(
  fc.record({
    path: fc.string(),
    modifiedMs: fc.integer({ min: 0, max: 5 }),
    bytes: fc.integer({ min: 0, max: 100 }),
    links: fc.integer({ min: 1, max: 2 }),
  }),
  { selector: ({ path }) => path, maxLength: 30 },
);

test("whatever the files, the newest so many stay, and nothing newer goes while something older is kept", () => {
  fc.assert(
    fc.property(
      candidates,
      fc.nat({ max: 35 }),
      fc.constantFrom("bytes", "inodes"),
      (files, keep, resource) => {
        const { deletable, keptCount } = selectOldest(files, keep, resource);
        const stays = files.filter((one) => !deletable.includes(one));

        expect(keptCount).toBe(Math.min(keep, files.length));
        expect(stays.length).toBeGreaterThanOrEqual(keptCount);
        for (const gone of deletable) {
          expect(
            stays.filter(({ modifiedMs }) => modifiedMs >= gone.modifiedMs).length,
          ).toBeGreaterThanOrEqual(keptCount);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});

test.for<[name: string, resource: "bytes" | "inodes", files: Candidate[], paths: string[]]>([
  [
    "the oldest come first",
    "bytes",
    [file("b", { modifiedMs: 2 }), file("a", { modifiedMs: 1 })],
    ["a", "b"],
  ],
  ["of the same age by name", "bytes", [file("b"), file("a")], ["a", "b"]],
  ["an empty file frees no room", "bytes", [file("a", { bytes: 0 })], []],
  ["but an inode", "inodes", [file("a", { bytes: 0 })], ["a"]],
  ["one with another name frees nothing", "inodes", [file("a", { links: 2 })], []],
])("%s", ([, resource, files, paths]) => {
  expect(selectOldest(files, 0, resource).deletable.map(({ path }) => path)).toEqual(paths);
});

test.for<[missing: number, resource: "bytes" | "inodes", paths: string]>([
  [1, "bytes", "a"],
  [10, "bytes", "a"],
  [11, "bytes", "ab"],
  [31, "bytes", "abc"],
  [2, "inodes", "ab"],
])("for %s %s go %s", ([missing, resource, paths]) => {
  const files = [file("a"), file("b"), file("c")];

  expect(
    neededOf(files, missing, resource)
      .map(({ path }) => path)
      .join(""),
  ).toBe(paths);
});

test.for<[glob: string, root: string]>([
  ["/var/backups/*.gz", "/var/backups"],
  ["/var/backups/**/x/*.gz", "/var/backups"],
  ["/var/{a,b}/x", "/var"],
  ["/var/backups/one.gz", "/var/backups"],
  ["/*", "/"],
  ["/one", "/"],
])("%s leads nowhere but into %s", ([glob, root]) => {
  expect(rootOf(glob)).toBe(root);
});
