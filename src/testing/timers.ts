/**
 * The timers that keep this process alive, and where they were set.
 *
 * They are seen by an async hook, which knows each timer from when it is set until it is over, also
 * those of `node:timers/promises`. One that was un-referenced keeps nothing alive and is nobody's
 * leftover: so waits `AbortSignal.timeout`, and the one timer that limits on the system's clock share.
 */

import { createHook } from "node:async_hooks";
import { isTracedBy, trace, type Trace } from "./trace.ts";

/** Looks at timers until it is closed. */
export interface TimerWatch {
  /**
   * How many timers keep the process alive that were set before and kept nothing alive then, such
   * as a shared one that somebody waits for again.
   */
  readonly revived: number;
  close(): void;
}

/** Begins to note the timers of the work that `traces` are of. */
export function watchTimers(traces: readonly Trace[]): TimerWatch {
  const set = new Map<number, NodeJS.Timeout>();
  const hook = createHook({
    init: (id, type, _, resource) => {
      if (type !== "Timeout") return;
      const timer = resource as NodeJS.Timeout;
      set.set(id, timer);
      if (isTracedBy(traces)) trace("a timer, set", () => set.get(id)?.hasRef() === true);
    },
    destroy: (id) => void set.delete(id),
  });
  const countBefore = countTimers();
  hook.enable();
  return {
    get revived() {
      const countSince = [...set.values()].filter((timer) => timer.hasRef()).length;
      return Math.max(0, countTimers() - countBefore - countSince);
    },
    close: () => void hook.disable(),
  };
}

/** How many timers keep the process alive. */
function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
