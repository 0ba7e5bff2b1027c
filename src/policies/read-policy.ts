/** A policy, where one is handed in. */

import { part, required, type Reader } from "../core/options.ts";
import type { Policy } from "./policy.ts";

/** Reads a policy: any object with a `run`. */
export const readPolicy: Reader<Policy> = required(
  part<Policy, undefined>({ methods: ["run"], default: undefined }),
  "a policy",
);
