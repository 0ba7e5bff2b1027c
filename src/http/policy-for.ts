/** A policy, or a function that gives the one for a request, as an option. */

import { part } from "../core/options.ts";
import type { Policy } from "../policies/policy.ts";

const readOne = part<Policy, undefined>({ methods: ["run"], default: undefined });

/** Reads a policy, or what gives one, as what gives one. */
export function readPolicyFor<Request>(
  value: unknown,
  path: string,
): ((request: Request) => Policy) | undefined {
  if (typeof value === "function") return value as (request: Request) => Policy;
  const policy = readOne(value, path);
  return policy && (() => policy);
}
