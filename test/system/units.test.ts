/** The units of docs/schedules.md, as systemd's own checker reads them. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPage } from "../docs/markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-units-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("systemd-analyze has nothing to say against the units of the documentation", () => {
  const page = readPage(readFileSync(join(import.meta.dirname, "../../docs/schedules.md"), "utf8"));
  const units = page.blocks
    .filter(({ info }) => info === "ini")
    .map(({ code }) => ({ name: /^# \S+\/(\S+)\n/.exec(code)?.[1] ?? "", code }));
  for (const { name, code } of units) writeFileSync(join(folder, name), code);

  // A template is checked by the unit that names it.
  const checked = units.map(({ name }) => `./${name}`).filter((name) => !name.includes("@"));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...checked], {
    cwd: folder,
    encoding: "utf8",
  });
  // It may have something to say of the machine's own.
  const said = stderr.split("\n").filter((line) => units.some(({ name }) => line.includes(name)));

  expect([checked.length, status, said]).toEqual([3, 0, []]);
});
