/** Options that are functions in code, as plain data: `{ exponential: "200ms", max: "30s" }`. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import { aimd } from "./aimd.ts";
import { constant, decorrelated, exponential, fibonacci, linear, type Backoff } from "./backoff.ts";
import { gradient } from "./gradient.ts";
import type { LimitRule } from "./limit-rule.ts";

const BACKOFFS = { constant, decorrelated, exponential, fibonacci, linear };
const RULES = { aimd, gradient };

/**
 * The backoff that data describes: its formula with the first wait, and the options beside it. What is
 * no such object is left to the reader of the policy, which takes lists and perhaps a length of time.
 */
export function backoffFrom<Given>(data: Given, path: string): Given | Backoff {
  if (!isObject(data)) return data;
  const name = nameIn(data, BACKOFFS, path);
  const { [name]: first, ...options } = data;
  return under(path, () => BACKOFFS[name](first as Duration, options));
}

/** The rule of an adaptive limit that data describes: its name with its options. One that is made stays. */
export function ruleFrom<Given>(data: Given, path: string): Given | LimitRule {
  if (!isObject(data) || typeof data["next"] === "function") return data;
  const name = nameIn(data, RULES, path);
  const { [name]: options, ...others } = data;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new OptionsError(`${path}.${other}`, `unknown beside ${name}`);
  return under(path, () => RULES[name](options as object));
}

/** Calls `make`, and puts `path` before that of an option that it refuses. */
export function under<Made>(path: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const [refused = "", ...problem] = error.message.split(": ");
    throw new OptionsError(`${path}.${refused}`, problem.join(": "));
  }
}

function isObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(data) === "[object Object]";
}

/** The one of `known` that stands in `data`. */
function nameIn<Known extends object>(data: object, known: Known, path: string): keyof Known {
  const names = Object.keys(known);
  const [name, other] = names.filter((each) => Object.hasOwn(data, each));
  if (name !== undefined && other === undefined) return name as keyof Known;
  const received = name === undefined ? show(data) : `${name} and ${other}`;
  throw new OptionsError(path, `expected one of ${names.join(", ")}, received ${received}`);
}
