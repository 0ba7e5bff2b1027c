/**
 * Who may write to a run: the rule of leases, without a store.
 *
 * Leases are counted by the time of day, for they must mean something to another process and after a
 * restart. The time of day can be set back. So a lease is kept as the moment of its renewal and its
 * length, not as its end: a renewal that lies in the future shows that the clock went back, and
 * whoever finds it makes it a renewal of this very moment. A dead owner then holds its run for one
 * more lease, and not for the hour that the clock went back. A live owner's next renewal sets the
 * moment right by itself.
 */

import type { Clock } from "../core/clock.ts";
import type { Duration } from "../core/duration.ts";
import type { Owner } from "../core/journal.ts";
import { callable, duration, part, type Reader } from "../core/options.ts";
import { systemClock } from "../core/system.ts";
import { isGone as isGoneHere } from "./owner.ts";

/**
 * Whether an owner has certainly ended. `false` says that it certainly lives, and keeps its run
 * however late it renews; `undefined` leaves it its run until the lease runs out.
 */
export type IsGone = (owner: Owner) => boolean | undefined;

/** How long an owner keeps a run that it does not renew. */
export interface LeaseOptions {
  /** Reads the time of day, by which leases run out. Default: the system clock. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /**
   * How long a hold lasts after its last renewal where nobody can tell whether its owner lives, at
   * least 1 ms. Default `"30s"`.
   */
  readonly lease?: Duration | undefined;
  /** Whether an owner's process has ended. Default: looks on this machine, as `isGone` does. */
  readonly isGone?: IsGone | undefined;
}

/** Reads `LeaseOptions`. */
export const LEASE_READERS = {
  clock: part<Pick<Clock, "now">, Pick<Clock, "now">>({ methods: ["now"], default: systemClock }),
  lease: duration({ min: 1, default: 30_000 }),
  isGone: callable<IsGone, IsGone>({ default: isGoneHere }),
} satisfies Record<keyof LeaseOptions, Reader<unknown>>;

/** An owner's right to a run, as it is kept. */
export interface Lease {
  readonly owner: Owner;
  /** Milliseconds since the Unix epoch. */
  readonly renewedAtMs: number;
  /** As its owner was told; another process may use another length. */
  readonly lengthMs: number;
}

/**
 * What a claimant finds: the run is `free`, or `held`, or held by a lease that was renewed `ahead` of
 * the present, and has to be moved back.
 */
export type LeaseState = "free" | "held" | "ahead";

/** How a lease stands now; `undefined` is a run that nobody holds. */
export function leaseState(lease: Lease | undefined, nowMs: number, isGone: IsGone): LeaseState {
  const gone = lease === undefined || isGone(lease.owner);
  if (lease === undefined || gone === true) return "free";
  // It may be suspended, or busy: what it does when it goes on must not meet another owner's work.
  if (gone === false) return "held";
  if (nowMs < lease.renewedAtMs) return "ahead";
  return nowMs < lease.renewedAtMs + lease.lengthMs ? "held" : "free";
}

/** Whose lease keeps others out now. */
export function holderOf(
  lease: Lease | undefined,
  nowMs: number,
  isGone: IsGone,
): Owner | undefined {
  return leaseState(lease, nowMs, isGone) === "free" ? undefined : lease?.owner;
}

/** How often to renew a lease, in milliseconds: two renewals may fail before it runs out. */
export function renewEveryMs(leaseMs: number): number {
  return leaseMs / 3;
}
