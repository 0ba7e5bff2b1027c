/** The names that authors give to tasks and steps. */

import { AutomationError } from "../core/errors.ts";
import type { StepKind } from "../core/journal.ts";
import type { World } from "./world.ts";

const MAX_LENGTH = 200;

/** Refuses names that could not be found again, and those that hold a secret: they are journaled. */
export function checkName(
  { redactor }: Pick<World, "redactor">,
  kind: StepKind | "lock",
  name: unknown,
): asserts name is string {
  if (typeof name !== "string" || name.trim() === "" || name.length > MAX_LENGTH) {
    throw new AutomationError(
      `The name of a ${kind} must be text of 1 to ${MAX_LENGTH} characters`,
    );
  }
  if (redactor.find(name) === undefined) return;
  throw new AutomationError(
    `The name of a ${kind} holds what looks like a secret; name it by what it does`,
  );
}
