/** Commands load what they need, and no more: each module costs the start of every process. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, holdfast, place, type Place } from "./cli-process.ts";

/** Writes down what is loaded, and answers what of that ends with one of `names`. */
async function loadedBy(at: Place, words: readonly string[], names: readonly string[]) {
  const list = join(at.root, "loaded");
  const spy = at.file(
    "spy.mjs",
    `import { writeFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    } });
    process.on("exit", () => writeFileSync(${JSON.stringify(list)}, loaded.join("\\n")));`,
  );
  const { exitCode } = await holdfast(at, words, { NODE_OPTIONS: `--import "${spy}"` });
  expect(exitCode).toBe(0);
  const loaded = readFileSync(list, "utf8").split("\n");
  return names.filter((name) => loaded.some((url) => url.includes(name)));
}

test.concurrent(
  "running an automation loads nothing of schedules, terminals and databases, and looking at it does not load what runs it",
  { timeout: 60_000 },
  async () => {
    const at = place();
    const input = JSON.stringify({ root: at.root });
    const rare = ["croner", "/pg/", "/postgres/", "cli/serve", "cli/live-", "/rehearse/"];

    const run = await loadedBy(
      at,
      ["run", fixture("clock.ts"), "--input", input],
      ["automation/execute.ts", ...rare],
    );
    const show = await loadedBy(at, ["show", "last"], ["automation/execute.ts", ...rare]);
    const logs = await loadedBy(at, ["logs", "last"], ["automation/execute.ts", ...rare]);
    const runs = await loadedBy(at, ["runs"], ["automation/execute.ts", ...rare]);

    expect([run, show, logs, runs]).toEqual([["automation/execute.ts"], [], [], []]);
  },
);

test.concurrent(
  "the overview of all commands loads none of them",
  { timeout: 60_000 },
  async () => {
    const at = place();
    const rest = ["cli/run.ts", "cli/exec.ts", "cli/completion.ts", "/automation/", "/classify/"];

    expect(await loadedBy(at, ["--help"], ["cli/help.ts", ...rest])).toEqual(["cli/help.ts"]);
  },
);
