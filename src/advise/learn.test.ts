import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWithin, readPermissions } from "../core/permissions.ts";
import type { Before, Use } from "../process/uses.ts";
import { foldPaths, permissionsBlock, proposePermissions, wholesOf } from "./learn.ts";

const NONE = { read: [], write: [], run: [], net: [], env: [] };
const WAS: Before = { inode: 1, changedAtMs: 1, isDirectory: false };

function propose(uses: readonly Use[], now: Readonly<Record<string, Before>> = {}) {
  return proposePermissions(uses, {
    ownReads: ["/srv/project"],
    ownWrites: ["/state/temporary"],
    home: "/home/kelp",
    look: (path) => now[path],
  });
}

const reads = (...paths: string[]): Use[] => paths.map((path) => ({ of: "read", path }));

describe("what is read", () => {
  test.for([
    [
      "few files are named one by one",
      ["/a/b/1", "/a/b/2", "/a/b/3"],
      ["/a/b/1", "/a/b/2", "/a/b/3"],
    ],
    ["many are their directory", ["/a/b/1", "/a/b/2", "/a/b/3", "/a/b/4"], ["/a/b"]],
    [
      "many directories are the one around",
      ["/a/b/1/x", "/a/b/2/x", "/a/b/3/x", "/a/b/4/x"],
      ["/a/b"],
    ],
    ["what lies in one that is named", ["/a/b", "/a/b/c/d"], ["/a/b"]],
    [
      "nothing at the top is a whole",
      ["/etc/1", "/etc/2", "/etc/3", "/etc/4"],
      ["/etc/1", "/etc/2", "/etc/3", "/etc/4"],
    ],
    [
      "the home directory neither",
      ["1", "2", "3", "4"].map((name) => `/home/kelp/${name}`),
      ["1", "2", "3", "4"].map((name) => `/home/kelp/${name}`),
    ],
    ["the project is left out", ["/srv/project/a", "/srv/projects"], ["/srv/projects"]],
  ] as const)("%s", ([, paths, read]) => {
    expect(propose(reads(...paths))).toEqual({ ...NONE, read });
  });
});

describe("what is written", () => {
  const write = (before?: Before): Use => ({
    of: "write",
    path: "/a/b/log",
    place: "/a/b",
    ...(before && { before }),
  });

  test.for([
    ["a new file is its directory", write(), { "/a/b/log": WAS }, ["/a/b"]],
    [
      "a file that stays is named",
      write(WAS),
      { "/a/b/log": { ...WAS, changedAtMs: 2 } },
      ["/a/b/log"],
    ],
    [
      "one that is replaced is its directory",
      write(WAS),
      { "/a/b/log": { ...WAS, inode: 2 } },
      ["/a/b"],
    ],
    ["one that is gone is its directory", write(WAS), {}, ["/a/b"]],
  ] as const)("%s", ([, use, now, named]) => {
    expect(propose([use], now)).toEqual({ ...NONE, write: named });
  });

  test("it may be read, too, and need not be named for that; what is its own neither", () => {
    const own: Use = { of: "write", path: "/state/temporary/x", place: "/state/temporary" };

    expect(propose([write(), own, ...reads("/a/b/c", "/a/b")])).toEqual({
      ...NONE,
      write: ["/a/b"],
    });
  });
});

describe("what a program was told of", () => {
  const given = (before?: Before): Use => ({
    of: "given",
    path: "/a/b/c",
    place: "/a/b",
    ...(before && { before }),
  });

  test.for([
    ["it left it as it was", given(WAS), { "/a/b/c": WAS }, { read: ["/a/b/c"] }],
    ["it changed it", given(WAS), { "/a/b/c": { ...WAS, changedAtMs: 2 } }, { write: ["/a/b/c"] }],
    ["it made it", given(), { "/a/b/c": WAS }, { write: ["/a/b"] }],
    ["it removed it", given(WAS), {}, { write: ["/a/b"] }],
    ["there was nothing, and is nothing", given(), {}, {}],
  ] as const)("%s", ([, use, now, named]) => {
    expect(propose([use], now)).toEqual({ ...NONE, ...named });
  });
});

test("programs, addresses and variables once each; many ports of a host are all", () => {
  const ports = [1, 2, 3, 4].map((port): Use => ({ of: "net", value: `Many.example:${port}` }));
  const uses: Use[] = [
    { of: "run", value: "tar" },
    { of: "run", value: "tar" },
    { of: "env", value: "TOKEN" },
    { of: "net", value: "few.example:443" },
    ...ports,
  ];

  expect(propose(uses)).toEqual({
    ...NONE,
    run: ["tar"],
    env: ["TOKEN"],
    net: ["few.example:443", "many.example:*"],
  });
});

const aPath = fc
  .array(fc.constantFrom("a", "b", "c", "d", "e", "home", "kelp"), { minLength: 1, maxLength: 5 })
  .map((parts) => `/${parts.join("/")}`);

test("whatever was read is allowed, whatever is named is needed, and order does not matter", () => {
  fc.assert(
    fc.property(fc.array(aPath), (paths) => {
      const folded = foldPaths(paths, "/home/kelp");

      for (const path of paths) expect(isWithin(path, folded)).toBe(true);
      for (const name of folded) {
        const others = folded.filter((other) => other !== name);
        expect(isWithin(name, others)).toBe(false);
        expect(paths.some((path) => isWithin(path, [name]))).toBe(true);
        // A whole that nobody asked for is neither at the top nor around the home directory.
        const isBroad = name.split("/").length < 3 || isWithin("/home/kelp", [name]);
        expect(isBroad && !paths.includes(name)).toBe(false);
      }
      expect(foldPaths(paths.toReversed(), "/home/kelp")).toEqual(folded);
      expect(
        foldPaths(folded, "/home/kelp").every((name) =>
          paths.every((path) => isWithin(path, folded) || path === name),
        ),
      ).toBe(true);
    }),
  );
});

test("a hundred thousand files are folded at once", () => {
  const paths = Array.from({ length: 100_000 }, (_, index) => `/srv/data/${index % 7}/${index}`);

  expect(foldPaths(paths, "/home/kelp")).toEqual(["/srv/data"]);
});

test("very many stand for a directory at the top too, and what is written for its directory later", () => {
  const files = (directory: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${directory}/${index}`);
  const writes = (paths: readonly string[]) =>
    paths.map((path): Use => ({ of: "write", path, place: "/a/b", before: WAS }));
  const all = Object.fromEntries(
    [...files("/a/b", 19), ...files("/a/c", 20)].map((path) => [path, WAS]),
  );
  const uses = [...writes(files("/a/b", 19)), ...writes(files("/a/c", 20))];
  const proposed = propose([...uses, ...reads(...files("/top", 200), ...files("/few", 199))], all);

  expect(proposed).toEqual({
    ...NONE,
    read: [...files("/few", 199), "/top"].toSorted(),
    write: [...files("/a/b", 19), "/a/c"].toSorted(),
  });
  expect(wholesOf([...uses, ...reads(...files("/top", 200))], proposed)).toEqual([
    { permission: "read", path: "/top", count: 200 },
    { permission: "write", path: "/a/c", count: 20 },
  ]);
});

test("the block is TypeScript, and says the same", () => {
  const permissions = {
    ...NONE,
    read: ['/a/with "quotes"', `/${"long".repeat(30)}`],
    run: ["tar", "gzip"],
  };

  const block = permissionsBlock(permissions);

  expect(block).toBe(
    `permissions: {\n  read: [\n    "/a/with \\"quotes\\"",\n    "/${"long".repeat(30)}",\n  ],\n  run: ["tar", "gzip"],\n},`,
  );
  expect(permissionsBlock(NONE)).toBe("permissions: {},");
  expect(readPermissions(permissions, "p")).toEqual(permissions);
});
