/** What a step is called outside of its task. */

import type { Where } from "../core/events.ts";

/** `task/step`, or `step` alone in the run's own task, whose name is empty; `undefined` elsewhere. */
export function stepLabel({ task, step }: Where): string | undefined {
  if (step === undefined) return undefined;
  return task === undefined || task === "" ? step : `${task}/${step}`;
}
