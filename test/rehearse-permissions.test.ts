/** A rehearsed run has the permissions of the run, and no others: real processes, for Node itself refuses. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, type Place } from "./cli-process.ts";
import { COMPILED } from "./compiled.ts";

const LIMIT_MS = 60_000;

function rehearse(at: Place, words: readonly string[]) {
  // A place of its own, so that it shows what is left there.
  const tmp = join(at.root, "tmp");
  at.file("tmp/.keep", "");
  return holdfast(at, ["rehearse", ...words], { ...COMPILED, TMPDIR: tmp }, LIMIT_MS);
}

test.for([
  ["a file", 'readFileSync("/etc/hostname", "utf8")', 'add permissions.read: "/etc/hostname"'],
  [
    "a file to be written",
    'writeFileSync("/var/tmp/x", "")',
    'add permissions.write: "/var/tmp/x"',
  ],
  ["a variable", 'process.env["SHOP"]', 'add permissions.env: "SHOP"'],
  ["a program", 'spawnSync("true").status', 'add permissions.run: "true"'],
  [
    "a server",
    '(await fetch("http://127.0.0.1:8099")).status',
    'add permissions.net: "127.0.0.1:8099"',
  ],
] as const)("a rehearsed run may not do what a run may not: %s", async ([, does, says]) => {
  const at = place();
  const file = at.file(
    "automation.ts",
    `import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { automation } from "holdfast/automation";
export const rehearsal = { env: { SHOP: "a secret" } };
export default automation("it", { permissions: {} }, async (run) => {
  await run.step("a", async () => ${does});
});
`,
  );

  const { exitCode, stderr } = await rehearse(at, [file]);

  expect([exitCode, stderr]).toEqual([78, expect.stringContaining(says)]);
  expect(stderr).not.toContain("a secret");
});

test("what is declared, what the scene adds and scratch directories may be used", async () => {
  const at = place();
  const file = at.file(
    "automation.ts",
    `import { createServer } from "node:http";
import { rmSync, writeFileSync } from "node:fs";
import { automation } from "holdfast/automation";
export const rehearsal = {
  permissions: { net: ["127.0.0.1:*"] },
  setup: ({ env }) => new Promise((done) => {
    const server = createServer((_, answer) => answer.end("open"));
    server.listen(0, "127.0.0.1", () => {
      env.SHOP = \`http://127.0.0.1:\${server.address().port}\`;
      done();
    });
  }),
};
export default automation("it", { permissions: { env: ["SHOP"] } }, async (run) => {
  await run.step("a", async ({ key }) => writeFileSync(key, await (await fetch(process.env.SHOP)).text()), {
    undo: ({ key }) => rmSync(key, { force: true }),
  });
});
`,
  );

  const { exitCode, stdout, stderr } = await rehearse(at, [file, "--fault", "late-fatal"]);

  expect([exitCode, stdout, stderr.includes("denied")]).toEqual([
    0,
    expect.stringContaining("1/1 rehearsed runs left nothing"),
    false,
  ]);
});
