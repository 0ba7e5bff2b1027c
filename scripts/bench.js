/**
 * `npm run bench`: measures one table after the other, each in a process of its own, and tells which
 * aims hold. Names of tables choose some of them, `--rounds N` says how often:
 * `npm run bench -- policies --rounds 11`.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { handOver } from "./setup/hand-over.js";
import { ready, ROOT } from "./setup/ready.js";
import { exitWith, SetupError } from "./setup/say.js";

/** Those that aims stand on. */
const AIMED = [
  "policies",
  "failures",
  "closed-breaker",
  "open-breaker",
  "pending",
  "keyed",
  "bundle",
  "journal",
  "journal-size",
];
const OTHERS = ["bulkhead", "failures-together", "journal-postgres", "start-up"];
const TABLES = [...AIMED, ...OTHERS];

/** Made of the figures of the others; asked for by name, it has those measured that it needs. */
const AIMS = "aims";

/** The tables count memory, which takes a collector that can be called. */
const SETTINGS = ["--expose-gc", "--disable-warning=ExperimentalWarning"];

await exitWith(async () => {
  const { tables, rounds } = readArguments();
  const node = await ready();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-figures-"));
  const figures = join(folder, "figures.jsonl");
  try {
    writeFileSync(figures, "");
    for (const table of withAims(tables)) {
      const args = [...SETTINGS, join(ROOT, "bench", `${table}.ts`), "--figures", figures];
      const exitCode = await handOver(node, [...args, ...rounds], { cwd: ROOT });
      if (exitCode !== 0) return exitCode;
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** @param {readonly string[]} tables */
function withAims(tables) {
  return tables.some((table) => AIMED.includes(table)) ? [...tables, AIMS] : tables;
}

function readArguments() {
  const { values, positionals } = parse();
  const unknown = positionals.find((name) => name !== AIMS && !TABLES.includes(name));
  if (unknown !== undefined) throw refusal(`there is no table "${unknown}"`);
  const { rounds } = values;
  if (rounds !== undefined && !/^[1-9]\d{0,5}$/.test(rounds)) {
    throw refusal(`--rounds takes a whole number from 1, not "${rounds}"`);
  }
  const asked = positionals.flatMap((name) => (name === AIMS ? AIMED : [name]));
  return {
    tables: asked.length === 0 ? TABLES : [...new Set(asked)],
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
  const names = [...TABLES, AIMS].join(", ");
  const todo = `npm run bench -- [--rounds N] [TABLE...], of ${names}; by default, all.`;
  return new SetupError("cannot measure", why, todo);
}
