/** A rule about shell scripts. */

import type { Call } from "./shell-call.ts";
import type { Script } from "./shell-script.ts";
import type { Hit, RuleFacts } from "./rule.ts";
import { isSearch } from "./shell-programs.ts";

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

/** Whether what a call says is compared with something: `[ "$(redis-cli PING)" = PONG ]`, `| grep`. */
export function isAnswerLookedAt({ pipeline, answerTo = "" }: Call, { values }: Script): boolean {
  return isSearch(pipeline.last) || answerTo === "=" || values.isCompared(answerTo);
}
