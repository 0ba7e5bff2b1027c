/** What `--input` and `--decide` mean. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Decision } from "../automation/world.ts";
import { clip } from "../core/show.ts";
import { UsageError } from "./command.ts";

/** Reads `--input`: JSON, or `@` and the name of a file with JSON in it. */
export function readInput(text: string | undefined, cwd: string): unknown {
  if (text === undefined) return undefined;
  if (text.startsWith("@")) return parseJson(readInputFile(text.slice(1), cwd), `--input ${text}`);
  return parseJson(text, "--input", `; give it as '{"name":"value"}', or as @file`);
}

function readInputFile(file: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, file), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`;
    throw new UsageError(`--input @${file}: ${problem}`);
  }
}

/** Reads the values of `--decide`: `STEP=absent`, or `STEP=` and the value as JSON. */
export function readDecisions(texts: readonly string[]): Record<string, Decision> {
  const decisions = texts.map(readDecision);
  const steps = decisions.map(([step]) => step);
  const twice = steps.find((step, index) => steps.indexOf(step) !== index);
  if (twice !== undefined) throw new UsageError(`--decide: "${twice}" is decided twice`);
  return Object.fromEntries(decisions);
}

function readDecision(text: string): [string, Decision] {
  const [, step = "", answer = ""] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (step === "") {
    throw new UsageError(
      `--decide: expected STEP=absent or STEP=JSON, received ${JSON.stringify(clip(text, 60))}`,
    );
  }
  if (answer === "absent") return [step, "absent"];
  const advice = `; give text as '${step}="text"'`;
  return [step, { value: parseJson(answer, `--decide ${step}`, advice) }];
}

function parseJson(text: string, what: string, advice = ""): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${what}: not JSON (${(error as Error).message})${advice}`);
  }
}
