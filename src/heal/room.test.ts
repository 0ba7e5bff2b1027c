import fc from "fast-check";
import { expect, test } from "vitest";
import { neededOf, rootOf, selectOldest, type Candidate } from "./room.ts";

const file = (path: string, change: Partial<Candidate> = {}): Candidate => ({
  path,
  inode: 1,
  modifiedMs: 0,
  bytes: 10,
  links: 1,
  ...change,
});

const candidates = fc.uniqueArray(
  fc.record({
    path: fc.string(),
    inode: fc.nat(),
    modifiedMs: fc.integer({ min: 0, max: 5 }),
    bytes: fc.integer({ min: 0, max: 100 }),
    links: fc.integer({ min: 1, max: 2 }),
  }),
  { selector: ({ path }) => path, maxLength: 30 },
);

test("whatever the files, the newest so many stay beside what the step wrote, and nothing newer goes while something older is kept", () => {
  fc.assert(
    fc.property(
      candidates,
      fc.nat({ max: 35 }),
      fc.constantFrom("bytes", "inodes"),
      (files, keep, resource) => {
        const beganAtMs = 14;
        const { deletable, keptCount, freshCount } = selectOldest(
          files,
          { keep, beganAtMs },
          resource,
        );
        const fresh = files.filter(({ modifiedMs }) => modifiedMs >= 4);
        const stays = files.filter((one) => !deletable.includes(one) && !fresh.includes(one));

        expect(freshCount).toBe(fresh.length);
        expect(deletable.filter((one) => fresh.includes(one))).toEqual([]);
        expect(keptCount).toBe(Math.min(keep, files.length - freshCount));
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
  expect(
    selectOldest(files, { keep: 0, beganAtMs: 100 }, resource).deletable.map(({ path }) => path),
  ).toEqual(paths);
});

test.for<[missing: number, resource: "bytes" | "inodes", paths: string]>([
  [1, "bytes", "a"],
  [10, "bytes", "a"],
  [11, "bytes", "ab"],
  [30, "bytes", "abc"],
  [31, "bytes", ""],
  [2, "inodes", "ab"],
  [4, "inodes", ""],
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
