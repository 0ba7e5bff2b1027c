/** The plugin in a real oxlint: it finds what `holdfast lint` finds. Runs oxlint as a process. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { CASES, fileWith } from "../src/advise/lint/automation-cases.contract.ts";
import { lintAutomation } from "../src/advise/lint/automation.ts";
import { plugin } from "../src/advise/lint/plugin.ts";

const ROOT = join(import.meta.dirname, "..");

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number; readonly column: number } }[];
}

/** What oxlint finds in files with these bodies, as `file rule line:column`. */
async function oxlint(bodies: readonly string[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-oxlint-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  bodies.forEach((body, index) => writeFileSync(join(directory, `${index}.ts`), fileWith(body)));
  const rules = Object.fromEntries(
    Object.keys(plugin.rules).map((id) => [`holdfast/${id}`, "warn"]),
  );
  const config = {
    plugins: [],
    categories: { correctness: "off" },
    jsPlugins: [join(ROOT, "src/advise/lint/plugin.ts")],
    rules,
  };
  writeFileSync(join(directory, "oxlint.json"), JSON.stringify(config));
  const program = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, "-c", "oxlint.json", "-f", "json", "--no-ignore", "."],
    { cwd: directory, maxBuffer: 10_000_000 },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] };
  return diagnostics.map(({ code, filename, labels }) => {
    const { line, column } = labels[0]?.span ?? { line: 0, column: 0 };
    return `${filename} ${code.replace(/^holdfast\((.*)\)$/, "$1")} ${line}:${column}`;
  });
}

test("oxlint finds with the plugin, in every case of every rule, just what holdfast lint finds", async () => {
  const bodies = Object.values(CASES).flatMap(({ bad, good }) => [...bad, ...good]);
  const own = bodies.flatMap((body, index) =>
    lintAutomation(fileWith(body)).map(
      ({ rule, line, column }) => `${index}.ts ${rule} ${line}:${column}`,
    ),
  );

  const found = await oxlint(bodies);

  expect(found.toSorted()).toEqual(own.toSorted());
});

test("what is recommended are the errors and the warnings", () => {
  const { rules } = plugin.configs.recommended;

  expect([
    rules["holdfast/undo-value"],
    rules["holdfast/step-undo"],
    rules["holdfast/step-verify"],
  ]).toEqual(["error", "warn", undefined]);
});

test("the rules take no options and mend nothing by themselves", () => {
  const metas = Object.values(plugin.rules).map(({ meta }) => [meta.schema, "fixable" in meta]);

  expect(metas).toEqual(metas.map(() => [[], false]));
});

test("of what is nested too deeply the plugin says nothing, and throws nothing", () => {
  const source = { type: "Literal", value: "holdfast/automation" };
  let sum = { type: "Literal" };
  for (let depth = 0; depth < 5_000; depth++) sum = Object.assign({ type: "Sum" }, { left: sum });
  const program = { type: "Program", body: [{ type: "ImportDeclaration", source }, sum] };
  const told: unknown[] = [];
  const context = {
    sourceCode: { getCommentsInside: () => [] },
    report: (it: unknown) => told.push(it),
  };

  for (const rule of Object.values(plugin.rules)) rule.create(context).Program(program as never);

  expect(told).toEqual([]);
});
