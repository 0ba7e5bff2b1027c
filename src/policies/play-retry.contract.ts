/** How the tests of what `retry` is told play it. */

import { constant, retry, type EventDetails, type RetryOptions } from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

/** How work under `options` that fails with these errors, and then answers "done", ends. */
export async function play(options: RetryOptions, errors: readonly unknown[]) {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  let attempts = 0;
  const policy = retry({
    backoff: constant("1s"),
    clock,
    on: (event) => told.push(event),
    ...options,
  });
  const end = await clock
    .settle(() =>
      policy.run(({ attempt }) => {
        attempts = attempt;
        if (attempt <= errors.length) throw errors[attempt - 1];
        return "done";
      }),
    )
    .catch((error: unknown) => error);
  const stopped = told.findLast((event) => event.type === "retry.stopped");
  return { end, attempts, reason: stopped?.reason, clock, told };
}
