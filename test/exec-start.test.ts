/**
 * The command line as it is published: what `holdfast exec` starts with is one file. Modules are
 * counted, and no time is taken.
 *
 * Compiles the package and runs it, since only there that file is.
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleExec } from "../scripts/setup/bundle-exec.js";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "holdfast exec start "));
const dist = join(folder, "dist");

beforeAll(async () => {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const settings = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", dist];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...settings], { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  await bundleExec(dist);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it, and answers which of its own modules were loaded, too. */
function exec(...words: readonly string[]) {
  const list = join(folder, "loaded");
  const spy = join(folder, "spy.mjs");
  writeFileSync(
    spy,
    `import { writeFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) {
      const [, module] = url.split("/dist/");
      if (module !== undefined) loaded.push(module);
      return next(url, context);
    } });
    process.on("exit", () => writeFileSync(${JSON.stringify(list)}, loaded.join("\\n")));`,
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", spy, join(dist, "cli/main.js"), "exec", ...words],
    { encoding: "utf8", env: { PATH: process.env["PATH"], HOLDFAST_HOME: join(folder, "home") } },
  );
  return { status, stdout, stderr, loaded: readFileSync(list, "utf8").split("\n") };
}

/** The one file is not among them: it is no module, for its bytecode is kept. */
const AT_ONCE = ["main", "code-home", "exec-start", "exec-kept"].map((name) => `cli/${name}.js`);

test("a command that succeeds is guarded by one file", { timeout: 60_000 }, () => {
  const first = exec("--", "echo", "done");
  // With a journal by then, and the folder of what the former ones left.
  const second = exec("--attempts", "2", "--", "echo", "done");

  const well = { status: 0, stdout: "done\n", stderr: "", loaded: AT_ONCE };
  expect([first, second]).toEqual([well, well]);
});

test("the bytecode of a start that guarded a command is kept", { timeout: 60_000 }, () => {
  rmSync(join(folder, "home"), { recursive: true, force: true });
  mkdirSync(join(folder, "home"));
  const kept = () =>
    readdirSync(join(folder, "home/cache")).filter((each) => each.includes("bytecode"));
  exec("--help");
  const afterHelp = kept();
  exec("--", "true");
  const afterwards = kept();
  const [file = ""] = afterwards;
  const { ino } = statSync(join(folder, "home/cache", file));
  exec("--", "true");

  expect({ afterHelp, afterwards }).toEqual({
    afterHelp: [],
    afterwards: [expect.stringContaining(process.version)],
  });
  expect(statSync(join(folder, "home/cache", file)).ino, "not written anew").toBe(ino);
});

test("one that fails is classified by that file, too", { timeout: 60_000 }, () => {
  const { status, stderr, loaded } = exec("--name", "job", "--", "sh", "-c", "exit 3");

  expect({ status, loaded }).toEqual({ status: 3, loaded: AT_ONCE });
  expect(stderr).toMatch(/^holdfast: job failed, .*3/);
});

test("what is loaded later knows the errors of what was loaded first", { timeout: 60_000 }, () => {
  const wrong = exec("--heal", "nonsense", "--", "true");
  const help = exec("--help");

  expect(wrong).toMatchObject({ status: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/^holdfast exec: --heal.*nonsense/);
  expect(wrong.loaded).toEqual(expect.arrayContaining(AT_ONCE));
  expect(wrong.loaded.filter((module) => !AT_ONCE.includes(module))).toEqual([
    expect.stringMatching(/^cli\/exec-start-.*\.cjs$/),
    expect.stringMatching(/^cli\/exec-start-.*\.cjs$/),
  ]);
  expect(help).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Guard any command/) });
});
