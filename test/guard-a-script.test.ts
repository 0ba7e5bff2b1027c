/** docs/guard-a-script.md, pasted as it stands: each command ends as the page says, and shows what it shows. */

import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { quoted } from "../src/core/shell-word.ts";
import { place, type Place } from "./cli-process.ts";
import { COMPILED } from "./compiled.ts";
import { readPage, type Block } from "./docs/markdown.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readPage(readFileSync(join(ROOT, "docs/guard-a-script.md"), "utf8"));

const COMMANDS = PAGE.blocks.filter(({ info }) => info === "sh");

/** What stands right below commands: all that they print, or `text`, an example of it that is not compared. */
function below(block: Block): Block | undefined {
  return PAGE.blocks[PAGE.blocks.indexOf(block) + 1];
}

/** What differs from one time to the next. */
function masked(output: string): string {
  return output
    .replaceAll(/^\d\d:\d\d:\d\d/gm, "HH:MM:SS")
    .replaceAll(/\b\d+(\.\d)? (ms|s)\b/g, "TIME")
    .replaceAll(/\b01[0-9a-z]{24}\b/g, "RUN");
}

/** A directory in which `holdfast` is on the PATH, by that name, for it tells how it was called. */
function installed(at: Place): NodeJS.ProcessEnv {
  const main = join(at.root, "holdfast");
  symlinkSync(join(ROOT, "src/cli/main.ts"), main);
  const start = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(main)} "$@"\n`;
  const program = at.file("bin/holdfast", start);
  chmodSync(program, 0o755);
  const path = [dirname(program), process.env["PATH"] ?? ""].join(delimiter);
  return { PATH: path, HOME: at.root, ...COMPILED };
}

function paste(code: string, cwd: string, env: NodeJS.ProcessEnv): Promise<[number, string]> {
  return new Promise((resolve) => {
    execFile("sh", ["-c", `exec 2>&1\n${code}`], { cwd, env }, (error, stdout) => {
      resolve([Number(error?.code ?? 0), stdout]);
    });
  });
}

const EXIT_CODES = [0, 1, 0, 0, 2, 0, 65, 0, 0, 0, 2, 0, 0];

/** Thirteen starts and more, on a machine that may be slow. */
const LIMIT_MS = 120_000;

test("each block of the page does what stands below it", { timeout: LIMIT_MS }, async () => {
  const at = place();
  const env = installed(at);
  const cwd = join(at.root, "srv app");
  mkdirSync(cwd);
  const ended = [];
  for (const block of COMMANDS) {
    const [exitCode, output] = await paste(block.code, cwd, env);
    const isCompared = below(block)?.info !== "text";
    ended.push({ line: block.line, exitCode, output: isCompared ? masked(output) : "" });
  }

  expect(ended).toEqual(
    COMMANDS.map((block, index) => {
      const shown = below(block);
      const output = shown?.info === "output" ? masked(shown.code) : "";
      return { line: block.line, exitCode: EXIT_CODES[index], output };
    }),
  );
});
