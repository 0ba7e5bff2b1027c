/**
 * What a simulated server says to a call: the rule, without a clock. `server.ts` owns that.
 *
 * The limit is the usual one of web APIs: so many calls in each window of time, the windows one after
 * the other from the beginning. Who is refused is told to come back when the next one begins, in whole
 * seconds, for HTTP has no others (RFC 9110, 10.2.3). A refused call costs nothing of the limit.
 */

/** When the server is down, from the first moment up to, not including, the second. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How many calls the server lets in. */
export interface CallLimit {
  /** In each window. */
  readonly calls: number;
  readonly windowMs: number;
}

/** What a server goes by. */
export interface ServerRules {
  readonly outage: Outage | undefined;
  readonly limit: CallLimit | undefined;
}

/** What the server says, as a status of HTTP. */
export type Verdict =
  | { readonly status: 200 | 503 }
  | { readonly status: 429; readonly retryAfterSeconds: number };

/** How many calls were let in within one window. */
export interface Taken {
  readonly windowIndex: number;
  readonly calls: number;
}

/** Nobody was let in yet. */
export const NONE_TAKEN: Taken = { windowIndex: 0, calls: 0 };

/** Judges a call that comes now, and counts it. */
export function judge(
  taken: Taken,
  nowMs: number,
  { outage, limit }: ServerRules,
): { readonly taken: Taken; readonly verdict: Verdict } {
  if (outage !== undefined && outage.fromMs <= nowMs && nowMs < outage.untilMs)
    return { taken, verdict: { status: 503 } };
  if (limit === undefined) return { taken, verdict: { status: 200 } };
  const windowIndex = Math.floor(nowMs / limit.windowMs);
  const calls = windowIndex === taken.windowIndex ? taken.calls : 0;
  if (calls < limit.calls)
    return { taken: { windowIndex, calls: calls + 1 }, verdict: { status: 200 } };
  const leftMs = (windowIndex + 1) * limit.windowMs - nowMs;
  const retryAfterSeconds = Math.ceil(leftMs / 1_000);
  return { taken: { windowIndex, calls }, verdict: { status: 429, retryAfterSeconds } };
}
