/** Real tools that fail in the real way are taken for what they are. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("of more than ninety symptoms each is taken for what it is", () => {
  const show = join(import.meta.dirname, "../symptoms/show.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [show], {
    encoding: "utf8",
    timeout: 240_000,
  });

  const [, failures, symptoms, wrong] =
    /(\d+) failures of (\d+) symptoms, (\d+) not/.exec(stdout) ?? [];
  expect({ status, wrong, said: wrong === "0" ? "" : stdout + stderr }).toEqual({
    status: 0,
    wrong: "0",
    said: "",
  });
  expect(Number(failures)).toBeGreaterThan(170);
  expect(Number(symptoms)).toBeGreaterThan(90);
});
