/** Loaded before `holdfast exec`: kills it at the nth thing that it does to files around its layers. */

import fs from "node:fs/promises";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const NAMES = ["chmod", "lchown", "lstat", "mkdir", "open", "rename", "rm", "utimes", "writeFile"];

const { KILL_AT, KILL_LOG } = process.env;

if (KILL_LOG !== undefined && process.argv[1]?.endsWith("main.ts")) {
  const calls = fs as unknown as Record<string, (...words: unknown[]) => unknown>;
  let count = 0;
  for (const name of NAMES) {
    const own = calls[name];
    calls[name] = (...words) => {
      if (words.some((word) => String(word).includes("holdfast-overlay"))) {
        appendFileSync(KILL_LOG, `${name} ${JSON.stringify(words[0])}\n`);
        if (++count === Number(KILL_AT)) process.kill(process.pid, "SIGKILL");
      }
      return own?.(...words);
    };
  }
  syncBuiltinESMExports();
}
