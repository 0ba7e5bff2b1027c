/** The remedies that `--heal` names. */

import { OptionsError } from "../../core/errors.ts";
import type { Remedy } from "../../core/remedy.ts";
import { UsageError } from "../command.ts";
import type { ExecPlan } from "./plan.ts";

/** Rejects with `UsageError` for one that there is not, or that is told what it does not know. */
export async function remediesOf({ heal }: Pick<ExecPlan, "heal">): Promise<readonly Remedy[]> {
  if (heal.length === 0) return [];
  const { remedyFromText } = await import("../../heal/by-name.ts");
  return heal.map((text) => {
    try {
      return remedyFromText(text);
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      throw new UsageError(`--heal: ${inWordsOfFlag(error.message, text)}`);
    }
  });
}

/** What a remedy is told wrongly stands under its name in code: `diskFull.clear: expected …`. */
function inWordsOfFlag(message: string, text: string): string {
  const [, owner, option = "", problem = ""] =
    /^(\w[\w-]*)(?:\.(\w+))?[^:]*: (.*)$/s.exec(message) ?? [];
  if (owner === "heal" || owner === undefined) return problem || message;
  const [name] = text.trim().split(/\s/);
  if (option === "") return `${name}: ${problem}`;
  const missing = /^(.*), received undefined$/s.exec(problem)?.[1];
  return missing === undefined
    ? `${name}: ${option}: ${problem}`
    : `${name}: ${option}=… is missing: ${missing}`;
}
