import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bubblewrapWords, findBubblewrapFailure, type Limits } from "./bubblewrap.ts";
import { handedOn, heldBack } from "./sandbox-env.ts";

const START = { cwd: "/srv", ownSession: false, isRoot: false };

/** The words, and where in them a mount of `path` stands. */
function wordsFor(limits: Partial<Limits>, start = START) {
  const words = bubblewrapWords({ hasNet: true, ...limits }, start);
  const mounts = words.flatMap((word, index) =>
    ["--bind", "--ro-bind", "--tmpfs"].includes(word)
      ? [`${word.slice(2)} ${words[index + 1]}`]
      : [],
  );
  return { words, mounts };
}

test("what is not limited is there as it is, and settings of the kernel can only be read", () => {
  const { words } = wordsFor({});

  expect(words).toEqual(
    [
      "bwrap --die-with-parent --unshare-pid --unshare-ipc --unshare-uts --bind / /",
      "--dev /dev --proc /proc --ro-bind-try /proc/sys /proc/sys --chdir /srv --",
    ]
      .join(" ")
      .split(" "),
  );
});

test("where only writing is limited, everything is read, and TMPDIR is a place of its own", () => {
  const { words, mounts } = wordsFor({ write: ["/srv"] });

  expect(mounts).toEqual(["ro-bind /", "bind /srv"]);
  expect(words.slice(words.indexOf("--setenv")).slice(0, 3)).toEqual([
    "--setenv",
    "TMPDIR",
    "/dev/shm",
  ]);
});

test("where reading is limited, the system and what is named are there, and nothing else can be written", () => {
  const { words, mounts } = wordsFor({ read: ["/srv/data"], write: ["/srv/data/out"] });

  expect(mounts).toEqual(["ro-bind /srv/data", "bind /srv/data/out"]);
  expect(words).toContain("/etc/resolv.conf");
  expect(words).not.toContain("/etc/shadow");
  expect(words.join(" ")).toContain("--setenv TMPDIR /dev/shm");
  expect(words.slice(-7).join(" ")).toBe("--dir /srv --remount-ro / --chdir /srv --");
});

test("only the programs that are named lie where programs lie", () => {
  const run = [{ source: "/usr/bin/mawk", at: "/usr/bin/awk" }];
  const { words, mounts } = wordsFor({ read: [], run });

  const hidden = [
    "tmpfs /usr/bin",
    "tmpfs /usr/sbin",
    "tmpfs /usr/local/bin",
    "tmpfs /usr/local/sbin",
  ];
  const shown = "ro-bind /usr/bin/mawk";
  expect(mounts).toEqual([...hidden, "tmpfs /bin", "tmpfs /sbin", shown, shown]);
  expect(words.join(" ")).toContain(
    "--ro-bind /usr/bin/mawk /usr/bin/awk --ro-bind /usr/bin/mawk /bin/awk",
  );
  expect(wordsFor({ run }).mounts).toEqual(["bind /", ...hidden, shown]);
});

test("the network, the session and the superuser's rights are taken away where that is asked", () => {
  const { words } = wordsFor({ hasNet: false }, { ...START, ownSession: true, isRoot: true });

  expect(words.slice(5, 10)).toEqual([
    "--unshare-net",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--cap-add",
  ]);
  expect(words.filter((word) => word.startsWith("CAP_")).toSorted()).toEqual([
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETGID",
    "CAP_SETUID",
  ]);
});

test("what lies over another place may be written there", () => {
  const over = [{ source: "/tmp/merged", at: "/srv" }];

  expect(wordsFor({ write: [], over }).words.join(" ")).toContain("--bind /tmp/merged /srv");
});

test("a directory is mounted before any that lies in it, in whatever order they are named", () => {
  const paths = ["/a", "/a/b", "/a/b/c", "/d"];
  fc.assert(
    fc.property(fc.shuffledSubarray(paths, { minLength: 4 }), (read) => {
      const { mounts } = wordsFor({ read });
      const at = (path: string) => mounts.indexOf(`ro-bind ${path}`);
      expect(at("/a") < at("/a/b") && at("/a/b") < at("/a/b/c")).toBe(true);
    }),
  );
});

describe("what bubblewrap failed by is told apart", () => {
  test.for([
    [
      "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
      "no user namespaces",
    ],
    ["bwrap: Creating new namespace failed: Operation not permitted", "no user namespaces"],
    ["bwrap: setting up uid map: Permission denied", "no user namespaces"],
    ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "no user namespaces"],
    ["bwrap: execvp nonesuch: No such file or directory", "no such program"],
    ["bwrap: execvp /etc/hosts: Permission denied", "program cannot be run"],
    ["bwrap: Can't find source path /x: No such file or directory", "other"],
    ["tar: write error: No space left on device", undefined],
    ["", undefined],
  ] as const)("%s", ([line, cause]) => {
    const found = findBubblewrapFailure(`something\n${line}\nelse`);

    expect(found).toEqual(cause === undefined ? undefined : { cause, line });
  });
});

test("only what is named is handed on of the environment, and what every program may know", () => {
  const env = {
    PATH: "/bin",
    LC_ALL: "C",
    TOKEN: "t",
    OTHER: "o",
    NODE_OPTIONS: "--x",
    NONE: undefined,
  };

  expect([handedOn(env, ["TOKEN", "UNSET"]), heldBack(env, ["TOKEN"])]).toEqual([
    { PATH: "/bin", LC_ALL: "C", TOKEN: "t" },
    ["OTHER", "NODE_OPTIONS"],
  ]);
});
