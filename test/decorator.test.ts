/**
 * Decorators of TC39, on programs that are compiled first: Node strips types, and takes no decorators.
 *
 * Each file of `fixtures/decorator` is such a program, and prints one line of JSON. The project's own
 * compiler makes them into what Node runs today, and they are run as processes of their own.
 */

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const execFileAsync = promisify(execFile);

const ROOT = join(import.meta.dirname, "..");
const FIXTURES = "test/fixtures/decorator";

// Within the checkout, so that "holdfast" is the checkout's own source.
mkdirSync(join(ROOT, ".holdfast"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".holdfast", "decorator-"));

beforeAll(async () => {
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    // The newest target that has no decorators of its own; with a newer one they are left as they are.
    compilerOptions: {
      target: "es2022",
      noEmit: false,
      declaration: false,
      rootDir: ROOT,
      outDir: folder,
    },
    include: [join(ROOT, FIXTURES)],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await execFileAsync(process.execPath, [tsc, "-p", folder]);
  // Seconds, but many on a machine where all else is compiled at once.
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PRINTED: Readonly<Record<string, object>> = {
  "guarded-method": { balance: 12, calls: 2, found: "the bank" },
};

test.for(Object.entries(PRINTED))("%s runs as it is meant to", async ([name, printed]) => {
  const program = join(folder, FIXTURES, `${name}.js`);

  const { stdout } = await execFileAsync(process.execPath, [
    "--conditions=holdfast:source",
    program,
  ]);

  expect(JSON.parse(stdout)).toEqual(printed);
});

test("every program is run", () => {
  const programs = readdirSync(join(ROOT, FIXTURES)).map((file) => file.replace(/\.ts$/, ""));

  expect(programs.toSorted()).toEqual(Object.keys(PRINTED).toSorted());
});
