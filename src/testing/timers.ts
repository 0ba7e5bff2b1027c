/**
 * The timers that keep this process alive, and where they were set.
 *
 * They are seen by an async hook, which knows each timer from when it is set until it is over, also
 * those of `node:timers/promises`. One that was un-referenced keeps nothing alive and is nobody's
 * leftover: so waits `AbortSignal.timeout`.
 *
 * Limits on the system's clock share a timer, which is nobody's. Who waits for it says so.
 */

import { createHook } from "node:async_hooks";
import { noteLimits } from "../core/deadline-queue.ts";
import { isTracedBy, trace, type Trace } from "./trace.ts";

/** Looks at timers until it is closed. */
export interface TimerWatch {
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
  noteLimits((ms, isWaiting) => trace(`a limit of ${ms} ms on a call, begun`, isWaiting));
  hook.enable();
  return { close: () => void hook.disable() };
}
