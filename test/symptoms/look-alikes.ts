/** Failures that sound like a symptom and are none: nothing of these passes by itself, or is to be healed. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, ran, type Shown } from "./stage.ts";

const UNKNOWN = "unknown unknown EXIT_1";
const BUG = "fatal unknown PROGRAM_BUG";

const COMPARES = `import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual("Connection refused", "No space left on device")
unittest.main()
`;

export async function* lookAlikes(): AsyncGenerator<Shown> {
  const cwd = folder();
  const bash = (script: string) => ["bash", "-c", script];
  const node = (script: string) => [process.execPath, "-e", script];
  writeFileSync(join(cwd, "a.py"), COMPARES);
  writeFileSync(join(cwd, "one"), "1\n");
  writeFileSync(join(cwd, "two"), "2\n");
  const at = { cwd };

  // What is shown or quoted is not what failed.
  yield ran(undefined, UNKNOWN, bash("set -x; grep 'No space left on device' one"), at);
  yield ran(
    116,
    "fatal unknown USAGE",
    bash('echo "usage: go (Connection refused: wrong host)" >&2; exit 1'),
    at,
  );
  yield ran(undefined, BUG, bash("cd . && python3 a.py"), at);
  yield ran(undefined, BUG, [
    "python3",
    "-c",
    'raise ValueError("Connection refused is no number")',
  ]);
  yield ran(undefined, UNKNOWN, node('throw new Error("no ECONNRESET in the list of codes")'));
  yield ran(undefined, BUG, node('require("assert").equal("ETIMEDOUT", "EPIPE")'));

  yield ran(undefined, UNKNOWN, bash("echo 'deploy: timed out waiting for approval' >&2; exit 1"));

  // Ends that say nothing by themselves.
  for (const argv of [
    ["false"],
    ["diff", "one", "two"],
    ["cmp", "one", "two"],
    ["grep", "x", "one"],
  ]) {
    yield ran(undefined, UNKNOWN, argv, at);
  }
  yield ran(undefined, "unknown unknown EXIT_28", bash("exit 28"));
  yield ran(undefined, "unknown unknown EXIT_5", ["env", "sh", "-c", "exit 5"]);
  yield ran(undefined, UNKNOWN, ["flock", join(cwd, "lock"), "false"]);
  yield ran(undefined, UNKNOWN, [
    "git",
    "-C",
    cwd,
    "diff",
    "--no-index",
    "--exit-code",
    "one",
    "two",
  ]);

  yield* mistakes(cwd);
  yield* scripts(cwd);
}

// Of a tool whose exit code mostly means a bad connection.
async function* mistakes(cwd: string): AsyncGenerator<Shown> {
  const USAGE = "fatal none USAGE";
  yield ran(116, USAGE, ["ls", "--nope"]);
  yield ran(116, USAGE, ["ssh", "-p", "99999", "127.0.0.1"]);
  yield ran(116, USAGE, ["ssh", "-F", join(cwd, "nowhere"), "127.0.0.1"]);
  yield ran(116, USAGE, ["psql", "postgres://x@127.0.0.1:1/x?nope=1", "-c", "select 1"]);
  yield ran(116, USAGE, ["curl", "-sS", "http://127.0.0.1:99999/"]);
  yield ran(68, "fatal unknown ENOENT", ["python3", join(cwd, "nowhere.py")]);
  mkdirSync(join(cwd, "project"));
  writeFileSync(
    join(cwd, "project/package.json"),
    JSON.stringify({ scripts: { test: "exit 7", build: "no-such-compiler" } }),
  );
  const npm = (name: string) => ["npm", "--prefix", join(cwd, "project"), "run", name];
  yield ran(undefined, "unknown unknown EXIT_7", npm("test"));
  yield ran(64, "fatal none EXIT_127", npm("build"));
}

// Which of two complaints it is depends on whether the first was survived.
async function* scripts(cwd: string): AsyncGenerator<Shown> {
  const get = "curl -sSf -o x.tgz http://127.0.0.1:1/";
  const script = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text, { mode: 0o755 });
    return [join(cwd, name)];
  };
  const at = { cwd };
  const DOWN = "degraded unknown ECONNREFUSED";
  const survived = `#!/bin/bash\nset -e\n${get} || true\n`;
  yield ran(68, "fatal unknown ENOENT", script("copies", `${survived}cp nowhere there\n`), at);
  yield ran(68, "fatal unknown ENOENT", script("removes", `${survived}rm nowhere\n`), at);
  yield ran(114, "degraded unknown ENOTEMPTY", script("tidies", `${survived}rmdir "$PWD"\n`), at);
  yield ran(36, DOWN, script("goes-on", `#!/bin/bash\n${get}\ntar xf x.tgz\n`), at);
  yield ran(36, DOWN, script("traps", `#!/bin/bash\nset -e\ntrap 'rm x.tgz' EXIT\n${get}\n`), at);
  yield ran(36, DOWN, script("gives-up", `#!/bin/sh\n${get} || { rm x.tgz; exit 7; }\n`), at);
  const busy = `set -e; ${get} || true; umount .`;
  yield ran(17, "transient unknown EBUSY", ["sh", "-c", busy], { disk: { kind: "roomy" } });
}
