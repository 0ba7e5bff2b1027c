/** A policy, or a function that gives the one for a request, as an option. */

import type { Policy } from "../policies/policy.ts";
import { readPolicy } from "../policies/read-policy.ts";

/** Reads a policy, or what gives one, as what gives one. */
export function readPolicyFor<Request>(
  value: unknown,
  path: string,
): ((request: Request) => Policy) | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "function") return value as (request: Request) => Policy;
  const policy = readPolicy(value, path);
  return () => policy;
}
