/** Secrets in the arguments of a guarded command: it gets them, and nothing that is written keeps them. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, start, type Place } from "./cli-process.ts";

/** All that holdfast has written there, letter by letter. */
function written(at: Place): string {
  const files = globSync("**/*", { cwd: at.home, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"))
    .join("\n");
}

test.for<[name: string, words: readonly string[]]>([
  ["with its flag", ["--password=hunter2supersecret"]],
  ["behind its flag", ["--token", "hunter2supersecret"]],
  ["as a variable", ["API_TOKEN=hunter2supersecret"]],
  ["of a user", ["-u", "ann:hunter2supersecret"]],
])("a secret %s reaches the command, and no file of ours", async ([, words]) => {
  const at = place();
  const flags = ["--report", "report.json", "--alert", "cat > alert.json"];
  const line = 'printf "%s\\n" "$@"; echo "not with hunter2supersecret" >&2; exit 3';

  const ended = await holdfast(at, ["exec", ...flags, "--", "sh", "-c", line, "sh", ...words]);
  const again = await holdfast(at, ["retry", "last"]);

  const files = ["report.json", "alert.json"].map((name) =>
    readFileSync(join(at.root, name), "utf8"),
  );
  expect({
    exitCode: ended.exitCode,
    stdout: ended.stdout,
    kept: [written(at), ...files].map((text) => text.includes("hunter2")),
    says: files.map((text) => text.includes("not with ***")),
    again: again.exitCode,
  }).toEqual({
    exitCode: 3,
    stdout: `${words.join("\n")}\n`,
    kept: [false, false, false],
    says: [true, true],
    again: 78,
  });
  expect(again.stderr).toContain("its command line held a secret");
});

test("a secret in a line that a flag names is kept nowhere, and what stands for one may be", async () => {
  const at = place();
  const verify = (line: string) => ["exec", "--verify", line, "--", "true"];

  await holdfast(at, verify("true --password=hunter2"));
  await holdfast(at, verify("true --password=$HOME"));

  const { stdout } = await holdfast(at, ["runs", "--ids"]);
  const shown = await Promise.all(
    stdout
      .trim()
      .split("\n")
      .map((id) => holdfast(at, ["show", id, "--json"])),
  );
  const masked = shown.map(
    (each) =>
      (JSON.parse(each.stdout) as { run: { input: { isMasked: boolean } } }).run.input.isMasked,
  );
  expect({ masked, isKept: written(at).includes("hunter2") }).toEqual({
    masked: [false, true],
    isKept: false,
  });
});

test("a run with a secret that was cut off is not undone by the next start, which says so", async () => {
  const at = place();
  const flags = ["exec", "--name", "job", "--undo", "echo undone >> ledger"];
  const line = "touch begun; exec sleep 60";
  const first = start(at, [
    ...flags,
    "--",
    "sh",
    "-c",
    line,
    "sh",
    "--password=hunter2supersecret",
  ]);
  while (!existsSync(join(at.root, "begun"))) await new Promise((next) => setTimeout(next, 20));
  first.child.kill("SIGKILL");
  await first.ended;

  const { exitCode, stderr } = await holdfast(at, [...flags, "--", "true"]);

  expect({ exitCode, did: at.did() }).toEqual({ exitCode: 0, did: [] });
  expect(stderr).toContain("its command line held a secret, which the journal does not keep");
  expect(stderr).toContain("was cut off; what it did is left as it is");
});
