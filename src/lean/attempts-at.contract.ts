/** What the tests of these policies count. */

import type { Policy } from "./index.ts";

/** A failure that nothing is known of. */
export function down(): Error {
  return new Error("down");
}

/** How often work runs that always fails by `error`. */
export async function attemptsAt(error: unknown, policy: Policy): Promise<number> {
  let attempts = 0;
  await policy
    .run(() => {
      attempts++;
      throw error;
    })
    .catch(() => undefined);
  return attempts;
}
