// What only quotes a failure must not be healed as one: remedies for these delete files and restart services.
import { expect, test } from "vitest";
import { commandFault } from "./command.ts";

const SAID = [
  "No space left on device",
  "write failed: No space left on device",
  "Error: ENOSPC: no space left on device, write",
  "error: could not extend file: No space left on device",
  "database or disk is full",
  "npm error code ENOSPC",
  "connect ECONNREFUSED 127.0.0.1:80",
  "connection to server at db failed: Connection refused",
  "listen EADDRINUSE: address already in use :::80",
  "mkdir: File exists",
  "Device or resource busy",
  "curl: (7) Failed to connect to h port 1: Connection refused",
  "server closed the connection unexpectedly",
  "FATAL:  the database system is starting up",
  "The requested URL returned error: 503",
  "Cannot connect to the Docker daemon",
];

const COMMANDS = [
  "./deploy",
  "make",
  "sh -c a;b",
  "python3 a.py",
  "node a.js",
  "gcc x.c",
  "npm test",
  "psql -f a.sql",
  "sqlite3 db",
  "git commit",
  "grep x y",
  "docker build .",
  "curl x",
  "ssh h x;y",
  "apt-get install x",
];

/** What they are healed by, and what they are not. */
const CALM = new Set(["fatal", "unknown"]);

function healedAs(on: "stderr" | "stdout", show: (said: string) => string): string[] {
  return COMMANDS.flatMap((line) =>
    SAID.flatMap((said) => {
      const argv = line.split(" ");
      const end = { argv, exitCode: 1, signal: undefined, stdout: "", stderr: "", durationMs: 5 };
      const fault = commandFault({ ...end, [on]: show(said) });
      return CALM.has(fault.class) ? [] : [`${line}: ${said} is ${fault.code}`];
    }),
  );
}

test.for<[what: string, show: (said: string) => string]>([
  ["gcc", (said) => `x.c:3:9: error: expected ';'\n    3 |   puts("${said}")\n      |         ^\n`],
  [
    "clang",
    (said) => `x.c:3:9: error: expected ';'\n  return x // ${said}\n           ^\n1 error\n`,
  ],
  ["javac", (said) => `A.java:3: error: ';' expected\n    out.print("${said}")\n             ^\n`],
  ["tsc", (said) => `a.ts:1:7 - error TS2322\n\n1 const x: number = "${said}";\n        ~\n`],
  ["go", (said) => `./a.go:4:2: "${said}" (untyped string constant) is not used\n`],
  ["python", (said) => `  File "a.py", line 1, in f\n    g()  # ${said}\napp.Odd: nothing\n`],
  ["node", (said) => `/tmp/a.js:1\nthrow new Odd("x") // ${said}\n^\n\nOdd: x\n    at a.js:1:7\n`],
  ["bash", (said) => `x.sh: line 3: syntax error near \`)'\nx.sh: line 3: \`echo ${said})'\n`],
  ["psql", (said) => `ERROR:  syntax error at "x"\nLINE 1: insert into t ${said}\n        ^\n`],
  ["sqlite3", (said) => `Error: near "x": syntax error\n  insert ${said}\n      ^--- error here\n`],
  ["awk", (said) => `awk: line:1: /${said}/ { print\nawk: line:1:        ^ unexpected newline\n`],
  ["jq", (said) => `jq: error: syntax error:\nselect(.msg == "${said}"\njq: 1 compile error\n`],
  ["make", (said) => `echo "${said}" && false\nmake: *** [Makefile:2: all] Error 1\n`],
  ["docker", (said) => `ERROR: process "/bin/sh -c echo ${said}; false" did not complete\n`],
  [
    "pytest",
    (said) => `>       assert f() == "${said}"\nE       AssertionError: assert '${said}'\n`,
  ],
  ["a diff of pytest", (said) => `E         - x\nE         + ${said}\n`],
  [
    "vitest",
    (said) => ` FAIL  a.test.ts > ${said}\nAssertionError: expected 'x' to be '${said}'\n`,
  ],
  ["cat of a file", (said) => `cat: '${said}': no\n`],
])("%s quotes it", ([, show]) => {
  expect(healedAs("stderr", show)).toEqual([]);
});

test.for<[what: string, show: (said: string) => string]>([
  ["grep -n", (said) => `app.log:12:Nov 12 10:00:00 host app[3]: ${said}\n`],
  ["cat", (said) => `==> app.log <==\n${said}\n`],
  ["diff", (said) => `@@ -1 +1 @@\n-${said}\n ${said}\n+ok\n`],
])("what %s prints of a log is no failure", ([, show]) => {
  expect(healedAs("stdout", show)).toEqual([]);
});

test.for([
  ['level=error msg="dial tcp 127.0.0.1:1: connect: connection refused"', "ECONNREFUSED"],
  ['{"level":"error","msg":"write /x: no space left on device","at":1}', "ENOSPC"],
  ["OSError: [Errno 28] No space left on device: '/srv/it's here'", "ENOSPC"],
  ["('Connection aborted.', OSError(28, 'No space left on device'))", "ENOSPC"],
  [
    "x.Error: (Caused by NewConnectionError('<x>: [Errno 111] Connection refused'))",
    "ECONNREFUSED",
  ],
  ["couldn't write: No space left on device, didn't finish", "ENOSPC"],
  ["mv: cannot move 'a' to 'b': No space left on device", "ENOSPC"],
  ['Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused', "ECONNREFUSED"],
  ["Failed to connect to the queue: Connection refused", "ECONNREFUSED"],
  ["expected 3 replies, got none: Connection refused", "ECONNREFUSED"],
  ["main.go:12: listen tcp :80: bind: address already in use", "EADDRINUSE"],
  ["cannot write (No space left on device)", "ENOSPC"],
  ["x: No space left on device at ./x.pl line 3.", "ENOSPC"],
  ["x.c:9:1: fatal error: error writing to /tmp/cc.s: No space left on device", "ENOSPC"],
  ["a.rb:3: No space left on device @ io_write - /x (Errno::ENOSPC)", "ENOSPC"],
  ["thread 'main' panicked: Os { code: 28, message: \"No space left on device\" }", "ENOSPC"],
])("%s is a failure", ([stderr, code]) => {
  const end = { argv: ["./x"], exitCode: 1, signal: undefined, stdout: "", durationMs: 5 };
  expect(commandFault({ ...end, stderr: stderr ?? "" }).code).toBe(code);
});
