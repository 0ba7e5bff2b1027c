/** What is known of `holdfast exec` before it is loaded: apart, for it has an entry of its own as well. */

import type { Listing } from "./command.ts";

/** See the header. */
export const EXEC: Listing = {
  summary: "Guard any command: retry, limit, verify, undo, lock, alert",
  load: async () => (await import("./exec.ts")).exec,
};
