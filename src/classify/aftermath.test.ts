// Of several complaints, which is why a script failed? It depends on what it does after a failure.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CommandEnd, ScriptHabits } from "../core/command-end.ts";
import { commandFault } from "./command.ts";

function inWords(argv: string, exitCode: number, stderr: string, script?: ScriptHabits): string {
  const end: CommandEnd = {
    argv: argv.split(" "),
    exitCode,
    signal: undefined,
    stdout: "",
    stderr,
    durationMs: 5,
    symptoms: { script },
  };
  const { class: name, effect, code } = commandFault(end);
  return `${name} ${effect} ${code}`;
}

const REFUSED = "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms";
const DOWN = "degraded unknown ECONNREFUSED";

const STOPS = { stopsAtFailure: true, hasTrap: false };
const GOES_ON = { stopsAtFailure: false, hasTrap: false };
const STOPS_AND_TIDIES = { stopsAtFailure: true, hasTrap: true };
const TIDIES = { stopsAtFailure: false, hasTrap: true };

const MISSING = "tar: x.tgz: Cannot open: No such file or directory";
const NOT_THERE = "fatal partial ENOENT";
const NOT_REMOVED = "rm: cannot remove 'x': Operation not permitted";
const DENIED = "fatal unknown EPERM";
const IN_USE = "umount: /mnt: target is busy.";
const PIPED = "gzip: stdin: unexpected end of file";

/** What it is when nothing is known of the script, and with each habit. */
test.for<[first: string, last: string, exitCode: number, ...expected: string[]]>([
  // What is missing follows from a failure only where the script went on.
  [REFUSED, MISSING, 2, NOT_THERE, NOT_THERE, DOWN, NOT_THERE, DOWN],
  // What takes away is why it ended, unless it did so in a trap, or ends by another code.
  [REFUSED, NOT_REMOVED, 1, DENIED, DENIED, DENIED, DOWN, DOWN],
  [REFUSED, NOT_REMOVED, 3, DOWN, DOWN, DOWN, DOWN, DOWN],
  [
    REFUSED,
    IN_USE,
    32,
    "transient unknown EBUSY",
    "transient unknown EBUSY",
    "transient unknown EBUSY",
    DOWN,
    DOWN,
  ],
  [REFUSED, IN_USE, 22, DOWN, DOWN, DOWN, DOWN, DOWN],
  // Whoever reads from a pipe never is.
  [REFUSED, PIPED, 2, DOWN, DOWN, DOWN, DOWN, DOWN],
  // It ended by the very code that curl said.
  [REFUSED, "cp: b: Read-only file system", 7, DOWN, DOWN, DOWN, DOWN, DOWN],
  [
    REFUSED,
    "cp: b: Read-only file system",
    1,
    ...Array.from({ length: 5 }, () => "fatal unknown EROFS"),
  ],
])("%j and then %j, ending with %i", ([first, last, exitCode, ...expected]) => {
  const habits = [undefined, STOPS, GOES_ON, STOPS_AND_TIDIES, TIDIES];

  const found = habits.map((script) => inWords("/x/job", exitCode, `${first}\n${last}`, script));

  expect(found).toEqual(expected);
});

test("the script in the command's own words tells its habits", () => {
  const said = `${REFUSED}\n${MISSING}`;
  const asked = (...argv: string[]) =>
    commandFault({ argv, exitCode: 2, signal: undefined, stdout: "", stderr: said, durationMs: 5 });

  expect(
    [
      asked("sh", "-c", "curl x -o x.tgz; tar xf x.tgz"),
      asked("sh", "-c", "set -e; curl x -o x.tgz || true; tar xf x.tgz"),
      asked("bash", "-ec", "curl x -o x.tgz || true; tar xf x.tgz"),
    ].map(({ code }) => code),
  ).toEqual(["ECONNREFUSED", "ENOENT", "ENOENT"]);
});

test("a tool that goes on with the next file is not judged by one that is missing", () => {
  const said =
    "cp: error writing 'b': No space left on device\ncp: cannot stat 'c': No such file or directory";

  expect(inWords("cp a c d", 1, said)).toBe("degraded partial ENOSPC");
});

test("a file that was found to be a script is judged as one, whatever its name is", () => {
  expect([inWords("/x/job", 127, ""), inWords("/x/job", 127, "", STOPS)]).toEqual([
    "fatal none EXIT_127",
    "fatal unknown EXIT_127",
  ]);
});

test("a known tool that is a script in truth keeps its exit codes", () => {
  expect([inWords("/x/shims/aws s3 lss", 2, "", STOPS), inWords("/x/aws", 2, "")]).toEqual([
    "fatal none USAGE",
    "fatal none USAGE",
  ]);
});

test("what ssh says in a remote script may be that script's own ssh", () => {
  const refused = "ssh: connect to host h port 22: Connection refused";

  expect([inWords("ssh h a; b", 255, refused), inWords("ssh h a", 255, refused)]).toEqual([
    DOWN,
    "degraded none ECONNREFUSED",
  ]);
});

/** Complaints that are nobody's aftermath in a script that stops, with what each of them means. */
const COMPLAINTS = [
  [REFUSED, DOWN],
  ["cp: b: Read-only file system", "fatal unknown EROFS"],
  ["cp: cannot stat 'a': No such file or directory", "fatal unknown ENOENT"],
  ["rm: cannot remove 'a': No such file or directory", "fatal unknown ENOENT"],
  ["umount: /mnt: target is busy.", "transient unknown EBUSY"],
  ["dd: error writing 'x': No space left on device", "degraded partial ENOSPC"],
  ["ERROR:  deadlock detected", "transient unknown SQLSTATE_40P01"],
  ["KeyError: 'x'", "fatal unknown PROGRAM_BUG"],
] as const;

const someComplaints = fc.array(fc.constantFrom(...COMPLAINTS), { minLength: 1, maxLength: 12 });
const noise = fc.stringMatching(/^[a-z .]{0,20}$/);

test("in a script that stops at the first failure the last known line counts, whatever was survived", () => {
  fc.assert(
    fc.property(someComplaints, noise, (complaints, after) => {
      const said = [...complaints.map(([line]) => line), after].join("\n");

      expect(inWords("/x/job", 1, said, STOPS)).toBe(complaints.at(-1)?.[1]);
    }),
  );
});

test("whatever is known of a script, its fault is that of one of its lines alone", () => {
  const habits = fc.constantFrom(undefined, STOPS, GOES_ON, STOPS_AND_TIDIES, TIDIES);

  fc.assert(
    fc.property(someComplaints, habits, (complaints, script) => {
      const said = complaints.map(([line]) => line).join("\n");

      expect(complaints.map(([, meaning]) => meaning)).toContain(
        inWords("/x/job", 1, said, script),
      );
    }),
  );
});

test("in a script that goes on what is missing counts only when nothing else is known", () => {
  const isMissing = (line: string): boolean => line.includes("No such file");

  fc.assert(
    fc.property(someComplaints, (complaints) => {
      const last = complaints.findLast(([line]) => !isMissing(line)) ?? complaints.at(-1);
      const said = complaints.map(([line]) => line).join("\n");

      expect(inWords("/x/job", 1, said, GOES_ON)).toBe(last?.[1]);
    }),
  );
});
