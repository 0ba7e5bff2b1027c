/** The remedies that `--heal` names, on the command line or in a profile. */

import { OptionsError } from "../../core/errors.ts";
import type { Remedy } from "../../core/remedy.ts";
import type { ExecPlan } from "./plan.ts";

/**
 * Rejects with `OptionsError` for one that there is not, or that is told what it does not know.
 *
 * @param path Where they stand.
 */
export async function remediesOf(
  { heal }: Pick<ExecPlan, "heal">,
  path: string,
): Promise<readonly Remedy[]> {
  // The code of all remedies is loaded only where there is one.
  if (heal.length === 0) return [];
  const { remedyFromText } = await import("../../heal/by-name.ts");
  try {
    return heal.map(remedyFromText);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    // What a remedy is told wrongly stands under its own name.
    throw new OptionsError(path, error.message.replace(/^heal: /, ""));
  }
}
