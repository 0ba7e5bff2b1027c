import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { denialOf } from "./denial.ts";
import { summariseError } from "./error-summary.ts";
import { adviceFor, PermissionDeniedError } from "./errors.ts";
import { admitsAddress, admitsProgram, isWithin, readPermissions } from "./permissions.ts";

const read = (value: unknown) => readPermissions(value, "permissions");

test("what is not given is empty, and nothing at all is no limit", () => {
  expect([read({}), read(undefined)]).toEqual([
    { read: [], write: [], run: [], net: [], env: [] },
    undefined,
  ]);
});

test("paths are made plain by their text alone", () => {
  expect(read({ read: ["/srv//data/", "/"] })?.read).toEqual(["/srv/data", "/"]);
});

test.for([
  [{ reads: ["/x"] }, "permissions.reads: unknown; known are read, write, run, net, env"],
  [{ read: "/x" }, 'permissions.read: expected an array, received "/x"'],
  [
    { read: ["srv"] },
    'permissions.read[0]: expected an absolute path without "..", such as "/srv/data", received "srv"',
  ],
  [
    { write: ["/a/../b"] },
    'permissions.write[0]: expected an absolute path without "..", such as "/srv/data", received "/a/../b"',
  ],
  [
    { read: ["/a/*"] },
    'permissions.read[0]: expected an absolute path without "..", such as "/srv/data", received "/a/*"',
  ],
  [
    { run: ["tar -x"] },
    'permissions.run[0]: expected a program such as "tar" or "/usr/bin/tar", received "tar -x"',
  ],
  [
    { run: ["bin/tar"] },
    'permissions.run[0]: expected a program such as "tar" or "/usr/bin/tar", received "bin/tar"',
  ],
  [
    { net: ["store.example"] },
    'permissions.net[0]: expected an address such as "store.example:443" or "*:8080", received "store.example"',
  ],
  [
    { net: ["a:65536"] },
    'permissions.net[0]: expected an address such as "store.example:443" or "*:8080", received "a:65536"',
  ],
  [
    { env: ["A=B"] },
    'permissions.env[0]: expected the name of a variable, such as "STORE_TOKEN", received "A=B"',
  ],
] as const)("%j is refused", ([value, message]) => {
  expect(() => read(value)).toThrow(message);
});

test("a path is within a directory, and never within one whose name only begins alike", () => {
  const cases = ["/srv", "/srv/a", "/srv2", "/"].map((path) => isWithin(path, ["/srv"]));

  expect([...cases, isWithin("/x", ["/"]), isWithin("/x", [])]).toEqual([
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

test("for any two paths: what is added below one lies within it", () => {
  const part = fc.stringMatching(/^[a-z.]{1,5}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), fc.array(part), (top, below) => {
      const path = `/${top.join("/")}`;
      expect(isWithin([path, ...below].join("/"), [path])).toBe(true);
      expect(isWithin(`${path}x`, [path])).toBe(false);
    }),
  );
});

describe("an address is admitted", () => {
  test.for([
    ["store.example:443", "store.example", 443, true],
    ["store.example:443", "STORE.example", 443, true],
    ["store.example:443", "store.example", 80, false],
    ["store.example:443", "a.store.example", 443, false],
    ["*:8080", "127.0.0.1", 8080, true],
    ["*:8080", "127.0.0.1", 80, false],
    ["localhost:*", "localhost", 1, true],
    ["[::1]:80", "::1", 80, true],
  ] as const)("by %s: %s:%i is %s", ([entry, host, port, isAdmitted]) => {
    const { net = [] } = read({ net: [entry] }) ?? {};

    expect(admitsAddress(net, { host, port })).toBe(isAdmitted);
  });
});

test("a program is admitted by its name wherever it lies, or by its whole path", () => {
  const asked = ["tar", "/usr/bin/tar", "/opt/tar", "/opt/gtar", "gtar"];

  expect(asked.map((program) => admitsProgram(["tar", "/opt/gtar"], program))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});

describe("a denial", () => {
  const node = (permission: string, resource?: string) =>
    Object.assign(new Error("Restricted."), { code: "ERR_ACCESS_DENIED", permission, resource });

  test.for([
    [node("FileSystemWrite", "/srv/x"), { permission: "write", value: "/srv/x" }],
    [node("FileSystemRead", ""), { permission: "read" }],
    [node("ChildProcess"), { permission: "run" }],
    [node("WorkerThreads"), undefined],
    [new PermissionDeniedError("Reading A", "env", "A"), { permission: "env", value: "A" }],
    [Object.assign(new Error("x"), { code: "EACCES", permission: "FileSystemRead" }), undefined],
    [undefined, undefined],
    ["text", undefined],
  ] as const)("is told from %s", ([error, denial]) => {
    expect(denialOf(error)).toEqual(denial);
  });

  test("says what to add", () => {
    expect([
      adviceFor({ permission: "write", value: "/srv/x" }),
      adviceFor({ permission: "run" }),
      summariseError(node("FileSystemWrite", "/srv/x")).message,
    ]).toEqual([
      'add permissions.write: "/srv/x"',
      "permissions.run lacks it",
      'Restricted. Here: add permissions.write: "/srv/x"',
    ]);
  });
});

test("more entries than a sandbox can be given are refused, and it is said what to do", () => {
  const read = (count: number) => Array.from({ length: count }, (_, index) => `/a/${index}`);

  expect(readPermissions({ read: read(500) }, "p")?.read).toHaveLength(500);
  expect(() => readPermissions({ read: read(501) }, "p")).toThrow(
    "p.read: expected at most 500 entries, received 501; name the directory around many files",
  );
});
