/**
 * Programming errors are fatal: the same code fails the same way again. So is data of an unexpected
 * shape, which shows as a SyntaxError of JSON.parse or a TypeError on what is not there.
 *
 * `fetch` reports a broken network as a TypeError too. Node puts the reason into its cause, which is
 * looked at before this; browsers give nothing but a message.
 */

import type { Fault } from "../core/fault.ts";
import { errorCode } from "./error-code.ts";
import { findProperty, findText, isHolder } from "./property.ts";

const BUGS: readonly (new (...args: never[]) => Error)[] = [
  TypeError,
  ReferenceError,
  RangeError,
  SyntaxError,
  EvalError,
  URIError,
];

const BUG_NAMES: ReadonlySet<string> = new Set([
  ...BUGS.map((type) => type.name),
  "DataCloneError",
]);

/** What the engines' fetch says when the network failed; each line names who says it. */
const FETCH_MESSAGES: readonly string[] = [
  "fetch failed", // Node
  "terminated", // Node, within the body
  "Failed to fetch", // Chromium
  "network error", // Chromium, within the body
  "NetworkError when attempting to fetch resource.", // Firefox
  "Load failed", // Safari
  "Network request failed", // the fetch of React Native
  "error sending request", // Deno
];

/** A programming error is fatal, wherever in the chain of causes it stands. */
export function programmingFault(error: unknown): Fault | undefined {
  const seen = new Set<unknown>();
  for (let link = error; isHolder(link) && !seen.has(link); link = findProperty(link, "cause")) {
    seen.add(link);
    if (isFetchFailure(link)) return fetchFault(link);
    if (isBug(link)) return { class: "fatal", code: errorCode(link), effect: "unknown" };
  }
  return undefined;
}

function isBug(error: object): boolean {
  return BUG_NAMES.has(findText(error, "name") ?? "") || BUGS.some((type) => error instanceof type);
}

function isFetchFailure(error: object): boolean {
  const message = findText(error, "message") ?? "";
  return (
    findText(error, "name") === "TypeError" &&
    FETCH_MESSAGES.some((known) => message.startsWith(known))
  );
}

/** A cause that nobody knows, such as "unknown scheme", may be there for good. */
function fetchFault(error: object): Fault {
  const hasCause = isHolder(findProperty(error, "cause"));
  return { class: hasCause ? "unknown" : "transient", code: "FETCH_FAILED", effect: "unknown" };
}
