/** Whether what a rule answered is a fault: rules are the user's, and everything goes by their answers. */

import { FAULT_CLASSES, type Effect, type Fault, type FaultClass } from "../core/fault.ts";
import { findProperty, findText } from "./property.ts";

const CLASSES: ReadonlySet<unknown> = new Set<FaultClass>(FAULT_CLASSES);

const EFFECTS: ReadonlySet<unknown> = new Set<Effect>(["none", "partial", "unknown"]);

/** Whether `answer` has a class, an effect and a code that there are, and a wait that is a number. */
export function isFault(answer: unknown): answer is Fault {
  const waitMs = findProperty(answer, "retryAfterMs");
  return (
    CLASSES.has(findProperty(answer, "class")) &&
    EFFECTS.has(findProperty(answer, "effect")) &&
    (findText(answer, "code") ?? "") !== "" &&
    (waitMs === undefined || (typeof waitMs === "number" && !Number.isNaN(waitMs)))
  );
}
