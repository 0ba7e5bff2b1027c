/** A rule about shell scripts. */

import type { Call, Script } from "./shell-script.ts";
import type { Hit, RuleFacts } from "./rule.ts";

/** See the header. A pure function of the script. */
export interface ShellRule extends RuleFacts {
  check(script: Script): readonly Hit[];
}

/** The hits of what is asked of each call. */
export function callsWhere(
  { calls }: Script,
  isBad: (call: Call) => boolean,
): readonly Pick<Hit, "at">[] {
  return calls.filter(isBad).map(({ at }) => ({ at }));
}
