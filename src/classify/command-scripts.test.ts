// What scripts of several commands write, in the words of their tools: which line is why it failed?
import fc from "fast-check";
import { expect, test } from "vitest";
import { commandFault } from "./command.ts";

function inWords(argv: string, exitCode: number, stderr: string): string {
  const end = { argv: argv.split(" "), exitCode, signal: undefined, stdout: "", durationMs: 5 };
  const { class: name, effect, code } = commandFault({ ...end, stderr });
  return `${name} ${effect} ${code}`;
}

const REFUSED = "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms";
const DOWN = "degraded unknown ECONNREFUSED";
const BUG = "fatal unknown PROGRAM_BUG";

test.for<[what: string, expected: string, ...lines: string[]]>([
  [
    "what reads from a download",
    DOWN,
    REFUSED,
    "",
    "gzip: stdin: unexpected end of file",
    "tar: Child returned status 1",
  ],
  ["tar alone behind it", DOWN, REFUSED, "tar: This does not look like a tar archive"],
  [
    "what writes to it",
    DOWN,
    'psql: error: connection to server at "db" failed: Connection refused',
    "curl: (23) Failure writing output to destination",
  ],
  [
    "pip's end",
    DOWN,
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip>: [Errno 111] Connection refused')'",
    "ERROR: No matching distribution found for x",
  ],
  [
    "nothing before it",
    "fatal unknown ENOENT",
    "last: started",
    "cp: a: No such file or directory",
  ],
  ["a bug after it", BUG, REFUSED, "Traceback (most recent call last):", "KeyError: 'x'"],
  ["a bug of Node", BUG, "TypeError [ERR_X]: x is not a function", "    at a.js:1:2"],
  ["a module", BUG, "Error: Cannot find module './x'", "Require stack:"],
  ["no bug: a network", "unknown unknown EXIT_1", "TypeError: fetch failed"],
  ["a shell's variable", BUG, REFUSED, "./a.sh: line 3: X: unbound variable"],
  ["a shell's syntax", BUG, "a.sh: line 9: syntax error: unexpected end of file"],
  ["a wrong option", "fatal unknown USAGE", "frob: unrecognized option '--x'"],
  [
    "a status that curl says",
    "fatal unknown HTTP_404",
    "curl: (22) The requested URL returned error: 404",
  ],
  [
    "one that may pass",
    "degraded unknown HTTP_503",
    "curl: (22) The requested URL returned error: 503",
  ],
  [
    "a server's full disk",
    "degraded unknown SQLSTATE_53100",
    'ERROR:  could not extend file "base/5/1": No space left on device',
  ],
  [
    "terraform's lock",
    "transient unknown STATE_LOCKED",
    "│ Error: Error acquiring the state lock",
    "│ Error message: resource temporarily unavailable",
    "│ open .terraform.tfstate.lock.info: no such file or directory",
  ],
  ["dash's words", "fatal unknown ENOENT", "x.sh: 3: cannot open /nowhere: No such file"],
  ["a comparison", BUG, "AssertionError: expected 'ECONNREFUSED' to be 'ETIMEDOUT'"],
  ["a value", BUG, "ValueError: Connection refused is not a number"],
])("it is %s", ([, expected, ...lines]) => {
  expect(inWords("./job.sh", 1, lines.join("\n"))).toBe(expected);
});

test.for([
  "WARNING: Connection refused by a, trying b",
  "2026-11-22 10:00:00,123 [WARN] Connection timed out, retrying (1/3)",
  "(node:12) Warning: ENOENT: an old file",
  "INFO: the ENOSPC of last night is cleared",
  "npm warn EACCES cache",
  'psql:a.sql:1: NOTICE:  relation "a" does not exist, skipping',
  '{"level":"warn","msg":"connect ECONNREFUSED"}',
  "your subscription has expired",
  "unexpected end of input: a bracket is missing",
  "Failed to connect to database: wrong password",
  "note: the database is locked by design",
  "a.c:1:20: note: EPIPE is reported once",
  "deploy: timed out waiting for approval",
  "E: Unable to lock the door",
  "+ grep 'No space left on device' log",
  "- No space left on device",
  "++ curl -f http://a # Connection refused",
  "  12 | fail('No space left on device')",
  " FAIL  a.test.js > says Connection refused",
  "not ok 3 - tries again after ECONNRESET",
  '  + Received: "ETIMEDOUT"',
  'expect(text).toBe("Connection refused")',
  "Error: bad ECONNRESET in the list of names",
  "Error: the codes 'ENOSPC', 'EPIPE' are not handled",
])("%j says not why it failed", (line) => {
  expect(inWords("./job.sh", 1, `${line}\nassertion failed: x`)).toBe("unknown unknown EXIT_1");
});

test.for([
  ["read ECONNRESET", "transient unknown ECONNRESET"],
  ["Error: connect ECONNREFUSED 127.0.0.1:1", DOWN],
  ["Error: getaddrinfo EAI_AGAIN host.invalid", "transient unknown EAI_AGAIN"],
  ["Error: spawn tar ENOENT", "fatal unknown ENOENT"],
  ["Error: ENOSPC: no space left on device, write", "degraded partial ENOSPC"],
  ["  code: 'ECONNREFUSED',", DOWN],
  ['{"level":"error","code":"ECONNREFUSED","port":1}', DOWN],
  ['{"error":"connection refused"}', DOWN],
  ["upload failed (ECONNRESET), giving up", "transient unknown ECONNRESET"],
  ["upload failed with ECONNRESET after 3 tries", "transient unknown ECONNRESET"],
  ["upload failed: ECONNRESET.", "transient unknown ECONNRESET"],
] as const)("%j says why it failed", ([line, expected]) => {
  expect(inWords("./job.sh", 1, line)).toBe(expected);
});

test.for([
  ["\u001b[31mnpm error\u001b[0m code ECONNREFUSED", "degraded unknown ECONNREFUSED"],
  ["\u001b[1;31mENOSPC\u001b[0m", "degraded partial ENOSPC"],
  [
    `${"#".repeat(3_000)}\rdd: error writing 'x': No space left on device`,
    "degraded partial ENOSPC",
  ],
])("%j is read through its dress", ([line = "", expected]) => {
  expect(inWords("./job.sh", 1, line)).toBe(expected);
});

test.for([
  ["git clone --x", 129, "error: unknown option `x'", "fatal none USAGE"],
  ["git clone --x", 129, "", "fatal none USAGE"],
  ["ssh --x", 255, "unknown option -- -\nusage: ssh [-46]", "fatal none USAGE"],
  ["cp -r a", 1, "cp: missing destination file operand after 'a'", "fatal none USAGE"],
  ["sqlite3 a.db x", 1, "Error: in prepare, no such table: x", "fatal none SQLITE_ERROR"],
  [
    "rsync -a a h:",
    12,
    "ssh: connect to host h port 22: Connection refused\nrsync error: error in rsync protocol data stream (code 12) at io.c(285)",
    "degraded none ECONNREFUSED",
  ],
  [
    "rsync -a a h:",
    255,
    "ssh: Could not resolve hostname h: Name or service not known\nrsync error: unexplained error (code 255)",
    "transient none ENOTFOUND",
  ],
  ["bash -c if", 2, "bash: -c: line 2: syntax error: unexpected end of file", BUG],
] as const)("%s that ends with %i and %j", ([argv, exitCode, stderr, expected]) => {
  expect(inWords(argv, exitCode, stderr)).toBe(expected);
});

test("whatever is written after it, a bug stays what it was when no line of that is known", () => {
  const noise = fc.array(fc.stringMatching(/^[a-z #.]{0,40}$/), { maxLength: 20 });

  fc.assert(
    fc.property(noise, noise, (before, after) => {
      const lines = [...before, "KeyError: 'x'", ...after].join("\n");

      expect(inWords("./job.py", 1, lines)).toBe(BUG);
    }),
  );
});
