/**
 * `npm run bench`: measures one table after the other, each in a process of its own. Names of tables
 * choose some of them, `--rounds N` says how often: `npm run bench -- policies --rounds 11`.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";

import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith, SetupError } from "./setup/say.js";

const TABLES = ["policies", "failures", "open-breaker", "journal", "start-up"];

/** The tables count memory, which takes a collector that can be called. */
const SETTINGS = ["--expose-gc", "--disable-warning=ExperimentalWarning"];

await exitWith(async () => {
  const { tables, rounds } = readArguments();
  const node = await ready();
  for (const table of tables) {
    const args = [...SETTINGS, join(ROOT, "bench", `${table}.ts`), ...rounds];
    const exitCode = await handOver(node, args, { cwd: ROOT });
    if (exitCode !== 0) return exitCode;
  }
  return 0;
});

function readArguments() {
  const { values, positionals } = parse();
  const unknown = positionals.find((name) => !TABLES.includes(name));
  if (unknown !== undefined) throw refusal(`there is no table "${unknown}"`);
  const { rounds } = values;
  if (rounds !== undefined && !/^[1-9]\d{0,5}$/.test(rounds)) {
    throw refusal(`--rounds takes a whole number from 1, not "${rounds}"`);
  }
  return {
    tables: positionals.length === 0 ? TABLES : positionals,
    rounds: rounds === undefined ? [] : ["--rounds", rounds],
  };
}

function parse() {
  try {
    return parseArgs({ options: { rounds: { type: "string" } }, allowPositionals: true });
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} why */
function refusal(why) {
  const todo = `npm run bench -- [--rounds N] [TABLE...], of ${TABLES.join(", ")}; by default, all.`;
  return new SetupError("cannot measure", why, todo);
}
