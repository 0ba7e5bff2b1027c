/** Who asks or answers, where nobody else is named: for people who read it later. */

import { hostname, userInfo } from "node:os";

/** The user and the host of this process: `ann on build-1`. */
export function whoAmI(): string {
  return `${userName()} on ${hostname()}`;
}

/** In a container, the number of the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ""}`.trim();
  }
}
