/**
 * `npm start`: runs the backup of this checkout against an object store that misbehaves, and tells
 * what the store did.
 *
 * The store is a process of its own. It outlives this one when that is killed, and the next start
 * finds it by a file: so a run that was cut off goes on where it was.
 */

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { JournalError, OptionsError } from "../../src/core/errors.ts";
import { EXIT } from "../../src/core/exit-codes.ts";
import { describeOwner, sqliteJournal } from "../../src/journal/index.ts";
import type { LedgerEntry, StoreProfile } from "../../src/testing/index.ts";
import { describeStore, openStore } from "./start-store.ts";

const CHECKOUT = resolve(import.meta.dirname, "../..");
const HOME = resolve(process.env["HOLDFAST_HOME"] || join(CHECKOUT, ".holdfast"));
const BACKUP = "examples/nightly-backup/nightly-backup.ts";
/** Tells the process of the run, for whoever wants to kill it. */
const PID_FILE = join(HOME, "nightly-backup.pid");

/** 128 and the number of SIGKILL. */
const KILLED = 128 + constants.signals.SIGKILL;

/** 128 and the numbers of SIGHUP, SIGINT and SIGTERM, and the exit code of a run in doubt. */
const STOPPED: ReadonlySet<number> = new Set([129, 130, 143, 82]);
const STOPPED_HERE = `
Only npm start knows where the store is, so say it so:
  npm start -- --resume
  npm start -- --rollback
`;

const HELP = `Usage: npm start -- [options]

Backs up this checkout, and holdfast's own journal, to an object store on this machine that
misbehaves: it answers 503, cuts connections, stalls, and sends half of what was asked for.
Left out are node_modules, .node, .holdfast, dist and coverage.

Options
  --store-profile NAME   how the store misbehaves: nightly (default), fast, none, or outage,
                         which refuses every upload for good
  --store-seed SEED      another seed draws other faults; default "holdfast"
  -h, --help             show this

All other options go to "holdfast run", such as
  --input JSON           what to back up and how: {"directory": "/path", "attempts": 1, ...};
                         examples/nightly-backup/settings.ts lists everything
  --rollback, --fresh    what becomes of a run that was cut off

State, backups and the store are kept in ${HOME}
${tryNext()}`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof OptionsError ? EXIT.usage : undefined;
  const exitCode = error instanceof JournalError ? EXIT.journal : known;
  if (exitCode === undefined) throw error;
  process.stderr.write(`npm start: ${(error as Error).message}\n`);
  process.exitCode = exitCode;
}

async function main(argv: readonly string[]): Promise<number> {
  const { help, profile, seed, rest } = readArguments(argv);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  mkdirSync(HOME, { recursive: true });
  const other = await runUnderWay();
  if (other !== undefined) {
    process.stderr.write(`npm start: ${other} is at it; wait until it has ended\n`);
    return EXIT.locked;
  }
  const store = await openStore(join(HOME, "store"), profile, seed);
  process.stderr.write(`${describeStore(store)}\n`);
  const before = (await store.ledger()).length;

  const exitCode = await runBackup(store.url, rest);
  // The store is that of the run that is under way.
  if (exitCode === EXIT.locked) return exitCode;
  const faults = await store.faults().catch(() => undefined);
  if (exitCode === KILLED)
    process.stdout.write("\nIt was killed. npm start goes on where it was.\n");
  if (STOPPED.has(exitCode)) process.stdout.write(STOPPED_HERE);
  // Whoever mistyped an option wants to see that, and nothing else.
  if (exitCode !== EXIT.usage) process.stdout.write(`${tableOf(faults, before)}${tryNext()}`);
  if (faults !== undefined) await store.close();
  return exitCode;
}

function readArguments(argv: readonly string[]) {
  const { values, tokens } = parseArgs({
    args: [...argv],
    options: {
      "store-profile": { type: "string", default: "nightly" },
      "store-seed": { type: "string", default: "holdfast" },
      help: { type: "boolean", short: "h", default: false },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const own = tokens.filter((token) => token.kind === "option" && token.name.startsWith("store-"));
  const taken = own.flatMap((token) =>
    token.kind === "option" && token.inlineValue === false
      ? [token.index, token.index + 1]
      : [token.index],
  );
  return {
    help: values.help === true,
    profile: String(values["store-profile"]) as StoreProfile,
    seed: String(values["store-seed"]),
    rest: argv.filter((_, index) => !taken.includes(index)),
  };
}

/** Runs it as anybody would, and answers its exit code. */
async function runBackup(storeUrl: string, args: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "run", BACKUP, ...args],
    {
      cwd: CHECKOUT,
      stdio: "inherit",
      env: {
        ...process.env,
        HOLDFAST_HOME: HOME,
        BACKUP_STORE_URL: storeUrl,
        // The commands that it prints then find a Node that is new enough, as this one did.
        npm_lifecycle_event: "holdfast",
      },
    },
  );
  writeFileSync(PID_FILE, String(child.pid));
  const stopForwarding = forwardSignals((signal) => child.kill(signal));
  const exitCode = await new Promise<number>((answer, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      answer(code ?? 128 + constants.signals[signal ?? "SIGKILL"]),
    );
  });
  stopForwarding();
  rmSync(PID_FILE, { force: true });
  return exitCode;
}

/** Who runs the backup now, in words: the store and the file with its pid are that one's. */
async function runUnderWay(): Promise<string | undefined> {
  const journal = sqliteJournal(join(HOME, "holdfast.db"));
  try {
    const [run] = await journal.findRuns({ automation: "nightly-backup", limit: 1 });
    const holder = run === undefined ? undefined : await journal.findHolder(run.id);
    return holder === undefined ? undefined : describeOwner(holder);
  } finally {
    await journal.close();
  }
}

/** A terminal's Ctrl-C reaches the run by itself, and a second one would kill it. */
function forwardSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) forward(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => signals.forEach((signal) => process.off(signal, listener));
}

/** @param before How many requests there were before this run. */
function tableOf(all: readonly LedgerEntry[] | undefined, before: number): string {
  if (all === undefined) return "\nThe store does not answer any more.\n";
  const faults = all.filter(({ number }) => number > before);
  if (faults.length === 0) return "\nThe store caused no faults.\n";
  const rows = faults.map(({ method, name, fault = "" }) => [method, fault, name]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "),
  );
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return `\nThe store caused ${count} in this run (request, fault, object):\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function tryNext(): string {
  const kill = `npm start & sleep 5; kill -9 $(cat "${PID_FILE}"); wait; npm start`;
  const input = JSON.stringify({ directory: join(CHECKOUT, "docs") });
  return `
Three things to try next:
  Kill it half-way with -9 and start it again: it goes on where it was.
    ${kill}
  Let the upload fail for good, and watch what was done being taken back.
    npm start -- --store-profile outage
  Point it at a directory of your own.
    npm start -- --input '${input}'
`;
}
