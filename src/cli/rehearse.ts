/** `holdfast rehearse`: runs an automation once for every step and fault, and reports what is left. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCodeOfCancellation } from "../automation/cancel/cancellation.ts";
import { OptionsError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { FAULT_NAMES, type FaultName } from "../rehearse/faults.ts";
import { inWords } from "../rehearse/plan.ts";
import { rehearse as rehearsalOf, type Progress } from "../rehearse/rehearse.ts";
import { htmlReport } from "../rehearse/report-html.ts";
import { jsonReport } from "../rehearse/report-json.ts";
import { junitReport } from "../rehearse/report-junit.ts";
import { textReport } from "../rehearse/report-text.ts";
import { codeHome } from "./code-home.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { listenForSignals } from "./interruption.ts";
import { nearest } from "./nearest.ts";
import { nodeWords, ownReads } from "./permitted/permitted-argv.ts";
import { printable } from "./printable.ts";

/** See the header. */
export const rehearse: Command = {
  name: "rehearse",
  usage: "FILE [--only STEP] [--fault NAME] [--json] [--junit FILE] [--html FILE] [--keep]",
  details: `
FILE is an automation as "holdfast run" takes it. It is run in scratch directories: once
undisturbed, and then once for each step and each fault. Every rollback must leave nothing
behind, and every resume must end as the undisturbed run did. What FILE exports as
"rehearsal" sets the scene: input, setup, probes. Of the variables of the shell only PATH,
the language and the time zone are handed on. A run has the permissions that FILE declares, and
no others; Node keeps it to them, and no sandbox.

What lies outside of the scratch directories is not seen, unless a probe looks at it.

Exit codes: 0 nothing was left and every resume ended complete; 1 something was found;
2 usage; 78 bad automation file, or nothing to compare with: setup, a probe or the
undisturbed run failed; 128+n ended by signal n.`,
  positionals: { min: 1, max: 1 },
  flags: {
    only: { type: "string", value: "STEP", summary: "Only this step: task/step", multiple: true },
    fault: {
      type: "string",
      value: "NAME",
      summary: `Only this fault: ${FAULT_NAMES.join(", ")}`,
      multiple: true,
    },
    commands: {
      type: "string",
      value: "NAME,NAME",
      summary: "Programs that fail in the steps that run them",
    },
    concurrency: { type: "string", value: "N", summary: "How many runs at a time; default: cores" },
    seed: { type: "string", value: "SEED", summary: "Another seed makes other keys; default 1" },
    keep: { type: "boolean", summary: "Keep the directories of runs that left something" },
    json: { type: "boolean", summary: "Print the report as JSON" },
    junit: { type: "string", value: "FILE", summary: "Write a JUnit report for CI" },
    html: { type: "string", value: "FILE", summary: "Write the report as one HTML page" },
  },
  examples: [
    { line: "holdfast rehearse nightly.ts", does: "Rehearse every step and fault" },
    {
      line: "holdfast rehearse nightly.ts --only upload --fault kill-after --keep",
      does: "Look into one run",
    },
    { line: "holdfast rehearse nightly.ts --junit rehearsal.xml", does: "In CI" },
  ],

  async run(args, world) {
    const asked = readAsked(args);
    const base = await mkdtemp(join(tmpdir(), "holdfast-rehearse-"));
    const file = resolve(world.cwd, args.positionals[0] ?? "");
    const interruption = listenForSignals(world, (text) => world.complain(text));
    let isKept = false;
    try {
      const report = await rehearsalOf({
        ...asked,
        theatre: {
          command: CHILD,
          permitted: ({ read, write, run }, own) =>
            nodeWords({ read, write: [...write, ...own], run }, ownReads(file), ENTRY),
          file,
          base,
          ownBase: base,
          env: world.env,
          compileCache: codeHome(world.env) ?? join(base, "compile-cache"),
          clock: world.clock,
          signal: interruption.signal,
        },
        onProgress: (progress) => world.complain(printable(progressLine(progress))),
      });
      isKept = report.runs.some((run) => run.world !== undefined);
      await writeReport(args.text("junit"), world, () => junitReport(report));
      await writeReport(args.text("html"), world, () => htmlReport(report));
      world.print(args.has("json") ? jsonReport(report) : printable(textReport(report)));
      return report.isGood ? EXIT.ok : EXIT.failed;
    } catch (error) {
      const { signal } = interruption;
      if (signal.aborted) return exitCodeOfCancellation(signal.reason);
      throw error;
    } finally {
      interruption.end();
      if (!isKept) await rm(base, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

/** The process of a run: TypeScript where this is, too. */
const ENTRY = fileURLToPath(new URL(`rehearse-child${extname(import.meta.url)}`, import.meta.url));

const CHILD: readonly string[] = [process.execPath, "--disable-warning=ExperimentalWarning", ENTRY];

function readAsked(args: Arguments) {
  const faults = args.texts("fault").map(readFault);
  return {
    only: args.texts("only"),
    faults,
    commands: (args.text("commands") ?? "").split(",").filter((name) => name !== ""),
    concurrency: readCount(args.text("concurrency")) ?? availableParallelism(),
    seed: args.text("seed") ?? "1",
    keep: args.has("keep"),
  };
}

function readFault(text: string): FaultName {
  const known = FAULT_NAMES.find((name) => name === text);
  if (known !== undefined) return known;
  const near = nearest(text, FAULT_NAMES);
  throw new UsageError(
    `--fault: there is no fault ${JSON.stringify(text)}${near === undefined ? `; there are ${FAULT_NAMES.join(", ")}` : `; did you mean ${near}?`}`,
  );
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UsageError(
    `--concurrency: expected a whole number from 1 to 999, received ${JSON.stringify(text)}`,
  );
}

async function writeReport(
  file: string | undefined,
  { cwd }: World,
  content: () => string,
): Promise<void> {
  if (file === undefined) return;
  const path = resolve(cwd, file);
  await writeFile(path, content()).catch((error: Error) => {
    throw new OptionsError(path, `cannot be written: ${error.message}`);
  });
}

function progressLine(progress: Progress): string {
  switch (progress.at) {
    case "reference":
      return "Running undisturbed, twice\n";
    case "planned":
      return `Rehearsing ${progress.runs} runs over ${progress.steps} steps\n`;
    case "played": {
      const { done, runs, run } = progress;
      const verdict = run.findings.length === 0 ? "ok" : "NOT OK";
      const width = String(runs).length;
      return `[${String(done).padStart(width)}/${runs}] ${verdict.padEnd(6)} ${inWords(run.fault)}\n`;
    }
  }
}
