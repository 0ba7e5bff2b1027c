/** A function whose calls go through the policy of their key. */

import { callable, readOptions, required, text, type Reader } from "../core/options.ts";
import type { Policy } from "./policy.ts";

/** Which calls of a function are the same. */
export interface KeyOptions<Args extends readonly unknown[]> {
  /** The key of a call, by its arguments. Calls with the same key are one and the same. */
  readonly key: (...args: Args) => string;
}

/** Reads the key of a call. */
export const readKey: Reader<string> = required(text({ default: undefined }), "a key");

const readFunction = required(
  callable<(...args: never[]) => unknown, undefined>({ default: undefined }),
  "a function",
);

/**
 * `call`, each time under the policy of its key. What it throws and what `key` throws rejects.
 *
 * @throws {OptionsError} At once, if there is no function or no key.
 */
export function wrapByKey<Args extends readonly unknown[], Value>(
  owner: string,
  policyFor: (key: string) => Policy,
  call: (...args: Args) => Value | PromiseLike<Value>,
  options: KeyOptions<Args>,
): (...args: Args) => Promise<Value> {
  readFunction(call, `${owner}.call`);
  readOptions(owner, options, { key: readFunction });
  const { key } = options;
  return async (...args) => policyFor(key(...args)).run(() => call(...args));
}
