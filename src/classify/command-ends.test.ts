import { expect, test } from "vitest";
import type { CommandEnd } from "../core/command-end.ts";
import { commandFault, commandFinding } from "./command.ts";

/** How a command ended that wrote nothing and exited with 1, but for what is said. */
function end(argv: readonly string[], parts: Partial<CommandEnd> = {}): CommandEnd {
  const rest = { exitCode: 1, signal: undefined, stdout: "", stderr: "", durationMs: 5 };
  return { argv, ...rest, ...parts };
}

function inWords(ended: CommandEnd): string {
  const { class: name, effect, code } = commandFault(ended);
  return `${name} ${effect} ${code}`;
}

/** The same number means what its tool says it means. */
test.for<[argv: string, exitCode: number, expected: string]>([
  ["curl x", 5, "transient none ENOTFOUND"],
  ["sqlite3 a.db", 5, "transient none SQLITE_BUSY"],
  ["rsync a b", 5, "fatal none PROTOCOL_FAILED"],
  ["wget x", 5, "fatal none CERT_UNTRUSTED"],
  ["mytool", 5, "unknown unknown EXIT_5"],
  ["curl x", 28, "timeout unknown ETIMEDOUT"],
  ["curl x", 52, "transient unknown EMPTY_REPLY"],
  ["curl x", 18, "transient partial BODY_TRUNCATED"],
  ["curl x", 23, "unknown partial OUTPUT_FAILED"],
  ["wget -q x", 4, "transient unknown NETWORK_FAILED"],
  ["systemctl is-active x", 3, "degraded none UNIT_INACTIVE"],
  ["flock -n -E 75 l x", 75, "transient none LOCK_TAKEN"],
  ["flock -n l x", 1, "transient unknown LOCK_TAKEN"],
  ["mytool", 124, "timeout unknown EXIT_124"],
  ["mytool", 126, "fatal none EXIT_126"],
  ["mytool", 127, "fatal none EXIT_127"],
  ["mytool", 130, "fatal unknown SIGINT"],
  ["mytool", 137, "transient unknown SIGKILL"],
  ["mytool", 139, "fatal unknown SIGSEGV"],
  ["mytool", 141, "unknown partial SIGPIPE"],
  ["mytool", 143, "fatal unknown SIGTERM"],
  ["mytool", 152, "fatal partial SIGXCPU"],
  ["mytool", 153, "fatal partial SIGXFSZ"],
  ["mytool", 200, "unknown unknown EXIT_200"],
])("%s exits silently with %i", ([argv, exitCode, expected]) => {
  expect(inWords(end(argv.split(" "), { exitCode }))).toBe(expected);
});

test.for<[what: string, end: CommandEnd, expected: string]>([
  ["a signal", end(["x"], { exitCode: undefined, signal: "SIGKILL" }), "transient unknown SIGKILL"],
  [
    "a rare signal",
    end(["x"], { exitCode: undefined, signal: "SIGUSR1" }),
    "unknown unknown SIGUSR1",
  ],
  [
    "a kill for memory",
    end(["x"], { exitCode: 137, symptoms: { oomKills: 1 } }),
    "degraded unknown OUT_OF_MEMORY",
  ],
  [
    "a kill beside another's for no memory",
    end(["x"], { exitCode: 139, symptoms: { oomKills: 1 } }),
    "fatal unknown SIGSEGV",
  ],
  [
    "a kill and no word of memory",
    end(["x"], { exitCode: 137, symptoms: { oomKills: 0 } }),
    "transient unknown SIGKILL",
  ],
  [
    "a signal after a complaint",
    end(["cp"], { exitCode: 143, stderr: "No space left on device" }),
    "fatal unknown SIGTERM",
  ],
  ["our time limit", end(["x"], { exitCode: 0, endedBy: "timeout" }), "timeout unknown TIMED_OUT"],
  [
    "our idle limit",
    end(["x"], { signal: "SIGTERM", endedBy: "idle" }),
    "timeout unknown TIMED_OUT",
  ],
  ["a cancel", end(["x"], { signal: "SIGTERM", endedBy: "cancel" }), "fatal unknown ABORTED"],
  [
    "no such program",
    end(["x"], { exitCode: undefined, startError: "ENOENT" }),
    "fatal none ENOENT",
  ],
  [
    "too many processes",
    end(["x"], { exitCode: undefined, startError: "EAGAIN" }),
    "degraded none EAGAIN",
  ],
  [
    "too many files",
    end(["x"], { exitCode: undefined, startError: "EMFILE" }),
    "degraded none EMFILE",
  ],
  [
    "no start for a reason of its own",
    end(["x"], { exitCode: undefined, startError: "EWHAT" }),
    "unknown none EWHAT",
  ],
  [
    "no inode",
    end(["cp"], { stderr: "No space left on device", symptoms: { full: "inodes" } }),
    "degraded partial INODES_EXHAUSTED",
  ],
  [
    "room enough",
    end(["cp"], { stderr: "No space left on device", symptoms: { full: "neither" } }),
    "unknown partial NO_SPACE_UNCONFIRMED",
  ],
  [
    "curl's 23 on a full disk",
    end(["curl"], { exitCode: 23, symptoms: { full: "bytes" } }),
    "degraded partial ENOSPC",
  ],
  [
    "dash on a full disk",
    end(["sh", "-c", "echo x; y"], {
      stderr: "sh: 1: echo: echo: I/O error",
      symptoms: { full: "bytes" },
    }),
    "degraded partial ENOSPC",
  ],
  [
    "dash on another disk",
    end(["sh", "-c", "echo x"], {
      stderr: "sh: 1: echo: echo: I/O error",
      symptoms: { full: "neither" },
    }),
    "fatal unknown EIO",
  ],
  [
    "git merge",
    end(["git", "merge"], { stdout: "CONFLICT (content): Merge conflict in a" }),
    "fatal partial GIT_CONFLICT",
  ],
  [
    "a conflict that another program prints",
    end(["cat"], { stdout: "CONFLICT (content): Merge" }),
    "unknown unknown EXIT_1",
  ],
  [
    "redis-cli",
    end(["redis-cli", "-e"], {
      stdout: "(error) READONLY You can't write against a read only replica.",
    }),
    "degraded none REDIS_READONLY",
  ],
  [
    "flock with a complaint",
    end(["flock", "l", "x"], { stderr: "x: what?" }),
    "unknown unknown EXIT_1",
  ],
  ["neither code nor signal", end(["x"], { exitCode: undefined }), "unknown unknown UNKNOWN"],
])("%s", ([, ended, expected]) => {
  expect(inWords(ended)).toBe(expected);
});

test.for<[argv: readonly string[], exitCode: number, stderr: string, expected: string]>([
  [
    ["./backup.sh"],
    1,
    "curl: (7) Failed to connect to 127.0.0.1 port 1",
    "degraded unknown ECONNREFUSED",
  ],
  [["./backup.sh"], 1, "curl: (28) Operation timed out", "timeout unknown ETIMEDOUT"],
  [
    ["./backup.sh"],
    1,
    "rsync error: timeout in data send/receive (code 30) at io.c(200)",
    "timeout partial ETIMEDOUT",
  ],
  [["./backup.sh"], 1, "cp: error writing 'b': No space left on device", "degraded partial ENOSPC"],
  [["./backup.sh"], 2, "ls: cannot access 'x': No such file or directory", "fatal unknown ENOENT"],
  [
    ["./backup.sh"],
    1,
    "fatal: Unable to create '/r/.git/index.lock': File exists.",
    "transient unknown GIT_LOCKED",
  ],
  [["./backup.sh"], 1, "ERROR:  deadlock detected", "transient unknown SQLSTATE_40P01"],
  [["./backup.sh"], 5, "curl: (7) once\nlast words", "degraded unknown ECONNREFUSED"],
  [["bash", "backup.sh"], 28, "", "unknown unknown EXIT_28"],
  [["bash", "backup.sh"], 127, "", "fatal unknown EXIT_127"],
  [["bash", "-c", "deploy && nothing"], 127, "", "fatal unknown EXIT_127"],
  [["bash", "-c", "nothing"], 127, "", "fatal none EXIT_127"],
  [
    ["node", "x.js"],
    1,
    "Error: connect ECONNREFUSED 127.0.0.1:1\n    at x (y.js:1:2) {\n  code: 'ECONNREFUSED'\n}",
    "degraded unknown ECONNREFUSED",
  ],
  [["mytool"], 1, "ENOWHAT: never heard of", "unknown unknown EXIT_1"],
  [["sudo", "-u", "a", "curl", "x"], 6, "", "transient none ENOTFOUND"],
])(
  "%j that ends with %i and %j tells the cause, and not what was done before",
  ([argv, exitCode, stderr, expected]) => {
    expect(inWords(end(argv, { exitCode, stderr }))).toBe(expected);
  },
);

test("of several complaints the last one that is known counts", () => {
  const stderr =
    "tar: a: Cannot open: Permission denied\ncp: b: Read-only file system\nend of backup";

  expect(inWords(end(["./backup.sh"], { stderr }))).toBe("fatal unknown EROFS");
});

test("what stands far before the end is not looked at", () => {
  const stderr = `cp: Read-only file system\n${"noise\n".repeat(500)}`;

  expect(inWords(end(["cp"], { stderr }))).toBe("unknown unknown EXIT_1");
});

test("a line without an end costs no more than its beginning", () => {
  const stderr = `${"x".repeat(3_000)} No space left on device`;

  expect(inWords(end(["cp"], { stderr }))).toBe("unknown unknown EXIT_1");
});

test("what is found has the number of its symptom, and what is not has none", () => {
  const found = [end(["curl"], { exitCode: 28 }), end(["mytool"])].map(commandFinding);

  expect(found.map(({ symptom }) => symptom)).toEqual([40, undefined]);
});
