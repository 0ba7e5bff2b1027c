/** The world of one kill: what was in it before, how processes are started in it, and what is left there. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RunRecord } from "../../../src/core/journal.ts";
import { sqliteJournal } from "../../../src/journal/index.ts";
import { COMPILED } from "../../compiled.ts";
import { HOLDFAST, run, VICTIM, type Ended, type Start } from "../command-line.ts";
import { differences } from "../tree.ts";
import { lastAnswers, readLedger, type Entry, type Problem } from "./ledger.ts";
import { fileOf, type Scenario } from "./scenarios.ts";

const LEAN = resolve(import.meta.dirname, "lean.ts");

/** What was there before, and must stay as it is. */
const BEFORE = "what was there before";

/** The last two are for speed alone: a start is most of what a kill costs. */
const OPTIONS = [
  "--conditions=holdfast:source",
  "--disable-warning=ExperimentalWarning",
  "--preserve-symlinks",
  "--v8-pool-size=0",
];

/** Names of things, and what each is. */
export type Remains = Readonly<Record<string, string>>;

/** How a process is started. */
export interface Starting {
  readonly isCommandLine: boolean;
  /** Where it dies: see `moments.ts`. */
  readonly death?: Readonly<Record<string, string>>;
  readonly strike?: Start["strike"];
}

/** See the header. */
export class Place {
  readonly root: string;

  constructor(directory: string, name: string) {
    this.root = join(directory, name);
    rmSync(this.root, { recursive: true, force: true });
    mkdirSync(join(this.root, "objects"), { recursive: true });
    mkdirSync(join(this.root, "tmp"));
    writeFileSync(join(this.root, "objects", "before"), BEFORE);
  }

  /** The directory of the journal. */
  get home(): string {
    return join(this.root, "home");
  }

  /** The journal's file. */
  get journal(): string {
    return join(this.home, "holdfast.db");
  }

  /** What stands in the environment of every process that was started here, and of its children. */
  get marker(): string {
    return `CRASH_PLACE=${this.root}`;
  }

  /** Runs the scenario's automation, new or cut off, to its end or to its death. */
  start(scenario: Scenario, { isCommandLine, death, strike }: Starting): Promise<Ended> {
    const input = JSON.stringify(scenario.input);
    const entry = isCommandLine ? (death === undefined ? HOLDFAST : VICTIM) : LEAN;
    const words = isCommandLine
      ? ["run", fileOf(scenario), "--input", input]
      : [scenario.automation, input];
    return run(entry, { words, cwd: this.root, strike, env: { ...this.#env, ...death } });
  }

  /** Its runs as the journal has them; only to know whether there is something to go on with. */
  async runs(): Promise<readonly RunRecord[]> {
    const journal = sqliteJournal(this.journal);
    try {
      return await journal.findRuns();
    } finally {
      await journal.close();
    }
  }

  ledger(): Entry[] {
    return readLedger(this.root);
  }

  /** Everything that is there, objects by the steps that put them; and whose results a run that succeeded was told. */
  remains({ exitCode }: Scenario): Remains {
    const ledger = this.ledger();
    const steps = stepsByKey(ledger);
    const nameOf = (file: string) => {
      const [key = ""] = file.split(".");
      return `objects/${file.replace(key, steps.get(key) ?? key)}`;
    };
    const objects = readdirSync(join(this.root, "objects")).map(nameOf);
    const others = ["tmp", "home", "."].flatMap((below) =>
      readdirSync(join(this.root, below)).map((name) => join(below, name)),
    );
    // Only the command line keeps a log of each run beside the journal.
    const left = [...objects, ...others].filter((name) => name !== join("home", "logs"));
    const things = Map.groupBy(left, (name) => name);
    const answers = exitCode === 0 ? [...lastAnswers(ledger).keys()] : [];
    return Object.fromEntries([
      ...[...things].map(([name, all]) => [name, `there ${all.length} times`]),
      ...answers.map((step) => [`the result of ${step}`, "told"]),
    ]);
  }

  /** What is not as an undisturbed run leaves it, and what is not as the run was told. */
  problems(scenario: Scenario, expected: Remains): Problem[] {
    return [
      ...differences("left behind", expected, this.remains(scenario)).map((text): Problem => ({
        what: "leftover",
        text,
      })),
      ...this.#damage().map((text): Problem => ({ what: "lost result", text })),
    ];
  }

  #damage(): string[] {
    const ledger = this.ledger();
    const answers = lastAnswers(ledger);
    const wrong = [...stepsByKey(ledger)].flatMap(([key, step]) => {
      const file = join(this.root, "objects", key);
      const answer = answers.get(step);
      if (answer === undefined || !existsSync(file)) return [];
      const content = readFileSync(file, "utf8");
      return content === answer ? [] : [`${step} put ${content}, and answered ${answer}`];
    });
    const before = readFileSync(join(this.root, "objects", "before"), "utf8");
    return before === BEFORE ? wrong : [...wrong, "what was there before has changed"];
  }

  get #env(): Record<string, string> {
    return {
      CRASH_PLACE: this.root,
      HOME: this.home,
      HOLDFAST_HOME: this.home,
      TMPDIR: join(this.root, "tmp"),
      ...COMPILED,
      NODE_OPTIONS: OPTIONS.join(" "),
    };
  }
}

function stepsByKey(ledger: readonly Entry[]): ReadonlyMap<string, string> {
  return new Map(ledger.flatMap(({ key, step }) => (key === undefined ? [] : [[key, step]])));
}
