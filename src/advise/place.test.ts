import { expect, test } from "vitest";
import { judgeBallast, judgeDisk, judgeFileSystem, judgePermissions } from "./place.ts";

const LOCAL = { type: 0xef53, freeBytes: 1e12, freeFiles: 1e6 };

test.for([
  [{ ...LOCAL }, "ok", "room for 1 TB, and 1000000 files where /state lies"],
  [{ ...LOCAL, freeFiles: undefined }, "ok", "room for 1 TB where /state lies"],
  [{ ...LOCAL, freeBytes: 100e6 }, "ok", "room for 100 MB, and 1000000 files where /state lies"],
  [{ ...LOCAL, freeBytes: 99e6 }, "warning", "room for 99 MB, and 1000000 files where /state lies"],
  [{ ...LOCAL, freeFiles: 999 }, "warning", "room for 1 TB, and 999 files where /state lies"],
  [{ ...LOCAL, freeBytes: 7e6 }, "problem", "room for 7 MB, and 1000000 files where /state lies"],
  [{ ...LOCAL, freeFiles: 0 }, "problem", "room for 1 TB, and 0 files where /state lies"],
] as const)("room of %o is %s", ([system, state, says]) => {
  expect(judgeDisk("/state", system)).toMatchObject({ check: "disk", state, says });
});

test.for([
  [0xef53, "ok", "type 0xef53, a local one"],
  [0x6969, "problem", "/state lies on NFS, where the locks of two machines do not see each other"],
  [-11317950, "problem", "/state lies on SMB (CIFS), where the locks"],
  [0x65735546, "warning", "/state lies on FUSE: whether its locks and flushes hold"],
] as const)("a file system of type %i is %s", ([type, state, says]) => {
  expect(judgeFileSystem("/state", { ...LOCAL, type })).toMatchObject({
    state,
    says: expect.stringContaining(says),
  });
});

test("permissions that others have are told, with the command that takes them back", () => {
  const paths = [
    { path: "/state", mode: 0o40755, wanted: 0o700 },
    { path: "/state/holdfast.db", mode: 0o100600, wanted: 0o600 },
    { path: "/state/holdfast.ballast", mode: 0o100604, wanted: 0o600 },
  ];

  expect([judgePermissions(paths), judgePermissions(paths.slice(1, 2))]).toEqual([
    {
      check: "permissions",
      state: "warning",
      says: "others may see what runs work on: /state is 0755, /state/holdfast.ballast is 0604",
      todo: "chmod 0700 /state && chmod 0600 /state/holdfast.ballast",
    },
    { check: "permissions", state: "ok", says: "for this user alone" },
  ]);
});

test("ballast is there, or why not", () => {
  expect([judgeBallast("/b", 2 ** 20), judgeBallast("/b", 0)]).toMatchObject([
    { state: "ok", says: "1 MB are kept for a full disk" },
    {
      state: "warning",
      says: "there is no /b: it was given up to a full disk, or no run has begun yet",
    },
  ]);
});
