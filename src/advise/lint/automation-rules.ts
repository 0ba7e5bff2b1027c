/** The list of the rules about automations. */

import type { AutomationRule } from "./automation-rule.ts";
import * as run from "./run-rules.ts";
import * as step from "./step-rules.ts";

/** All rules about automations. */
export const AUTOMATION_RULES: readonly AutomationRule[] = [
  step.stepUndo,
  step.stepVerify,
  step.fetchStatus,
  step.retryKey,
  step.verifyAlways,
  step.undoValue,
  step.undoAssumes,
  run.floatingStep,
  run.promiseSteps,
  run.unboundedSteps,
  run.differsOnResume,
  run.swallowedError,
  run.consoleError,
];
