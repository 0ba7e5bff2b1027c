/**
 * HTTP on both of its sides: a `fetch` that is guarded, and handlers of requests that are. Runs wherever
 * `fetch` does, and has no dependency.
 */

export type { Fetch } from "../core/system.ts";
export type { PolicyFor, RequestFacts, ResilientFetchOptions } from "./fetch-options.ts";
export { resilientFetch } from "./resilient-fetch.ts";
export { guardedHandler, type Handler } from "./guarded-handler.ts";
