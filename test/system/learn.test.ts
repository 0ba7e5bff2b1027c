/** What `holdfast learn` proposes is enough inside bubblewrap, too. */

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place } from "../cli-process.ts";
import { learning, needed } from "../permissions/learning.ts";

test("what it proposes is what was used, and enough, as the kernel keeps it", async () => {
  const at = place();
  const words = ["learn", ...learning(at), "--check", "--json", "--require-sandbox"];

  const ended = await holdfast(at, words, { STORE_TOKEN: "a token" });

  expect([ended.exitCode, JSON.parse(ended.stdout)]).toEqual([
    0,
    { schema: 1, automation: "uses", permissions: needed(at), unused: [], isComplete: true },
  ]);
  expect(ended.stderr).toContain("Permissions are kept by the kernel (bubblewrap)");
});

/** What only a look asks for: Node answers that nothing is there, and no error says why. */
const ASKED_ONLY = "none";

test("with each of them taken away in turn, exit code 77 names what lacks", async () => {
  const at = place();
  const words = learning(at);
  const [file = "", ...input] = words;
  const all: Readonly<Record<string, readonly string[]>> = needed(at);
  const text = readFileSync(file, "utf8");
  const run = async (permissions: object) => {
    rmSync(join(at.root, "its/out/new"), { recursive: true, force: true });
    const options = JSON.stringify({ permissions });
    at.file("project/uses.ts", text.replace('"uses",', `"uses", ${options},`));
    const env = { STORE_TOKEN: "a token" };
    const { exitCode, stdout } = await holdfast(at, ["run", file, "--fresh", ...input], env);
    return [exitCode, /add permissions[.](\w+)/.exec(stdout)?.[1]];
  };
  const less = Object.entries(all).flatMap(([name, values]) =>
    values
      .filter((value) => !value.endsWith(ASKED_ONLY))
      .map((value) => ({ name, value, left: values.filter((other) => other !== value) })),
  );

  const found = [await run(all)];
  for (const { name, left } of less) found.push(await run({ ...all, [name]: left }));

  // Of a directory that tar does not see it says only that it is not there.
  const named = less.map(({ name, value }) => (value.endsWith("back") ? "read" : name));
  expect(found).toEqual([[0, undefined], ...named.map((name) => [77, name])]);
});
