/** `holdfast learn` on a machine without bubblewrap: real processes, for Node itself tells of the files. */

import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, holdfast, place, type Place } from "./cli-process.ts";
import { learning, needed } from "./permissions/learning.ts";

function surroundings(at: Place) {
  const PATH = join(at.root, "programs");
  mkdirSync(PATH);
  symlinkSync("/usr/bin/tar", join(PATH, "tar"));
  return { PATH, STORE_TOKEN: "a token", OTHER_TOKEN: "another" };
}

test("what it proposes is what was used, and enough, as Node alone keeps it", async () => {
  const at = place();

  const ended = await holdfast(
    at,
    ["learn", ...learning(at), "--check", "--json"],
    surroundings(at),
  );

  expect([ended.exitCode, JSON.parse(ended.stdout)]).toEqual([
    0,
    { schema: 1, automation: "uses", permissions: needed(at), unused: [], isComplete: true },
  ]);
  expect(ended.stderr).toContain("Permissions are kept by Node alone");
  expect(readFileSync(join(at.root, "its/log"), "utf8")).toBe("line\nline\n");
});

test("without --check it is run once; what failed is told, and what was seen until then", async () => {
  const at = place();
  const file = at.file(
    "project/fails.ts",
    `import { automation } from "holdfast/automation";
     export default automation("fails", { permissions: { env: ["TZ_OTHER"] } }, async (run) => {
       await run.step("read", () => process.env["STORE_TOKEN"]?.length ?? 0);
       await run.step("fail", () => { throw new TypeError("no") });
     });`,
  );

  const ended = await holdfast(at, ["learn", file, "--check"], surroundings(at));

  expect([ended.exitCode, ended.stdout]).toEqual([
    1,
    'permissions: {\n  env: ["STORE_TOKEN"],\n},\n',
  ]);
  expect(ended.stderr).toContain("Declared and not seen to be used: env TZ_OTHER");
  expect(ended.stderr).not.toContain("Once more");
});

test("a sandbox that is required and cannot be had starts nothing", async () => {
  const at = place();
  const words = ["learn", fixture("two-steps.ts"), "--check", "--require-sandbox"];

  const ended = await holdfast(at, words, surroundings(at));

  expect([ended.exitCode, ended.stdout, at.did()]).toEqual([77, "", []]);
});
