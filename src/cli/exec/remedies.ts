/** The remedies that `--heal` names. */

import { OptionsError } from "../../core/errors.ts";
import type { Remedy } from "../../core/remedy.ts";
import { UsageError } from "../command.ts";
import type { ExecPlan } from "./plan.ts";

/** Rejects with `UsageError` for one that there is not, or that is told what it does not know. */
export async function remediesOf({ heal }: Pick<ExecPlan, "heal">): Promise<readonly Remedy[]> {
  if (heal.length === 0) return [];
  const { remedyFromText } = await import("../../heal/by-name.ts");
  try {
    return heal.map(remedyFromText);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    // What a remedy is told wrongly stands under its own name.
    throw new UsageError(`--heal: ${error.message.replace(/^heal: /, "")}`);
  }
}
