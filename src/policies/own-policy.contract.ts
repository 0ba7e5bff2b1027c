/** A policy of somebody's own, as tests put it between two of ours. */

import type { Policy } from "../index.ts";

/** One that hands on what it was given by naming the fields, as those written by hand do. */
export function ownPolicy(inner: Policy): Policy {
  return {
    name: "own",
    run: (work, given) =>
      inner.run(work, {
        signal: given?.signal,
        attempt: given?.attempt,
        deadline: given?.deadline,
      }),
  };
}
