/** Calls of every kind through one pipeline: those that succeed, fail, time out, and are aborted. */

import { breaker, constant, expectOk, isHoldfastError, pipeline, retry, timeout } from "holdfast";
import type { Policy, Work } from "holdfast";

/** How one kind of call goes, and ends. */
interface Kind {
  readonly end: string;
  readonly work: Work<string>;
  readonly policy: Policy;
  /** Whether its caller gives up while it is under way. */
  readonly isAborted?: true;
}

const guarded = pipeline(
  retry({ attempts: 2, backoff: constant(0), total: "1m" }),
  // It never opens: what is mixed here fails too often for any that does.
  breaker("bank", { failures: Number.MAX_SAFE_INTEGER }),
  timeout(2),
);

const closedForToday = breaker("closed for today", { failures: 1, pause: "1d" });
const refused = pipeline(retry({ total: "1m" }), closedForToday, timeout(2));

const never = (): Promise<never> => new Promise(() => {});

const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** Every kind of call, by what it does. */
const KINDS: Readonly<Record<string, Kind>> = {
  "succeeds at once": { end: "done", policy: guarded, work: () => "done" },
  "succeeds later": { end: "done", policy: guarded, work: async () => "done" },
  "reads its signal": {
    end: "done",
    policy: guarded,
    work: async ({ signal }) => (signal.aborted ? "aborted" : "done"),
  },
  "fails for good": {
    end: "HTTP_400",
    policy: guarded,
    work: async () => String(expectOk({ status: 400 }).status),
  },
  "fails once": {
    end: "done",
    policy: guarded,
    work: async ({ attempt }) => {
      if (attempt === 1) throw reset();
      return "done";
    },
  },
  "times out": { end: "TIMED_OUT", policy: guarded, work: never },
  "minds its time limit": { end: "TIMED_OUT", policy: guarded, work: untilAborted },
  "is aborted": { end: "enough", policy: guarded, work: never, isAborted: true },
  "is refused": { end: "CIRCUIT_OPEN", policy: refused, work: () => "done" },
};

function untilAborted({ signal }: { readonly signal: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Opens the breaker that refuses. */
export async function closeForToday(): Promise<void> {
  await closedForToday.run(() => Promise.reject(reset())).catch(() => undefined);
}

/**
 * Makes so many calls at once, of each kind in turn, all but the aborted ones under one signal, and
 * answers when all have ended.
 *
 * @returns How many did not end as their kind does.
 */
export async function mixedCalls(count: number, shared: AbortSignal): Promise<number> {
  const kinds = Object.values(KINDS);
  const own = new AbortController();
  const calls = Array.from({ length: count }, async (_, index) => {
    const { end, work, policy, isAborted } = kinds[index % kinds.length] as Kind;
    const signal = isAborted === true ? own.signal : shared;
    return (await policy.run(work, { signal }).catch(nameOf)) === end;
  });
  own.abort("enough");
  const ends = await Promise.all(calls);
  return ends.filter((isExpected) => !isExpected).length;
}

function nameOf(error: unknown): string {
  return isHoldfastError(error) ? error.code : String(error);
}
