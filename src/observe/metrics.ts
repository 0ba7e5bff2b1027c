/** Metrics of policies: counted as they speak, asked for when somebody wants to know. */

import type { Duration } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import { duration, flag, integer, list, part, readOptions, type Reader } from "../core/options.ts";
import { redactor as makeRedactor, type Redactor } from "../core/redact.ts";
import { listen } from "../policies/tell.ts";
import { countEvent } from "./metric-rules.ts";
import { snapshotOf, type MetricsSnapshot } from "./metric-snapshot.ts";
import { Tally } from "./metric-tally.ts";
import { prometheusText } from "./prometheus-text.ts";
import { readingOf, type Reading, type Watchable } from "./watched.ts";

/** What is counted, and how much of it is kept. */
export interface MetricsOptions {
  /**
   * Whether all policies of this process are heard. Default true; where false, hand `on` to those that
   * are meant.
   */
  readonly listens?: boolean | undefined;
  /**
   * For how many names of policies, times codes of faults, each metric has series. What is beyond is
   * counted as `other`. Default 200; from 1 to 10,000.
   */
  readonly series?: number | undefined;
  /**
   * Bounds of the buckets of all lengths of time, ascending. Default: 5, 10, 25, 50, 100, 250 and 500 ms,
   * 1, 2.5, 5, 10, 30 s, 1, 5, 30 m, 1 h.
   */
  readonly buckets?: readonly Duration[] | undefined;
  /** Takes secrets out of names and codes. Default: `redactor()`. */
  readonly redactor?: Redactor | undefined;
}

/** Counters, gauges and histograms. Disposing of it stops it. */
export interface Metrics extends Disposable {
  /** Counts what a policy tells it; a no-op while all policies are heard. */
  readonly on: Emit;
  /**
   * Reads these besides, whenever it is asked: how much runs, waits and is left, and what a breaker
   * counted. Of two with one name the last is shown.
   *
   * @throws {OptionsError} If one has nothing to read, or there are more than `series`.
   */
  watch(...policies: readonly Watchable[]): void;
  /** All numbers as plain data: a copy. */
  snapshot(): MetricsSnapshot;
  /** All numbers for Prometheus; answer it with `METRICS_CONTENT_TYPE`. */
  text(): string;
  /** Hears nothing any more. What was counted can still be read. */
  stop(): void;
}

const BUCKETS_MS: readonly number[] = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
  3_600_000,
];

const READERS = {
  listens: flag({ default: true }),
  series: integer({ min: 1, max: 10_000, default: 200 }),
  buckets: readBuckets,
  redactor: part<Redactor, undefined>({ methods: ["text"], default: undefined }),
} satisfies Record<keyof MetricsOptions, Reader<unknown>>;

const readDurations = list(duration({ default: 0 }), { default: BUCKETS_MS });

function readBuckets(value: unknown, path: string): readonly number[] {
  const bucketsMs = readDurations(value, path);
  const wrong = bucketsMs.findIndex((ms, index) => ms <= (bucketsMs[index - 1] ?? -Infinity));
  if (wrong === -1) return bucketsMs;
  throw new OptionsError(`${path}[${wrong}]`, "expected a longer duration than the one before");
}

/**
 * Counts what policies do: calls, attempts, retries, refusals, states, and how long they took; for a
 * page of one's own by `snapshot()`, and for Prometheus by `text()`. docs/metrics.md lists them all.
 *
 * How many calls there were, and how long they took, is told by `measured` only. Memory is bounded by
 * `series`; there is no timer. Labels are the names of policies, codes of faults and words of ours,
 * without secrets: never a message, a key or a run's id.
 *
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 * @example
 * using seen = metrics();
 * await measured({ name: "bank" }).run(() => "done");
 * console.log(seen.text());
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  const settled = readOptions("metrics", options, READERS);
  const { listens, series, buckets, redactor = makeRedactor() } = settled;
  const bucketsSeconds = buckets.map((ms) => ms / 1_000);
  const tally = new Tally({ series, bucketsSeconds, redactor });
  const count: Emit = (event) => countEvent(tally, event);
  const readings = new Map<Watchable, Reading>();
  const snapshot = (): MetricsSnapshot => {
    for (const read of readings.values()) read(tally);
    return snapshotOf(tally);
  };
  const listening = listens ? listen(count) : undefined;
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    listening?.stop();
  };
  return Object.freeze<Metrics>({
    on: (event) => {
      // Whoever is heard anyway would count twice.
      if (!listens && !isStopped) count(event);
    },
    watch: (...policies) => {
      const added = policies.map((policy) => [policy, readingOf(policy)] as const);
      const isRoom = new Set([...readings.keys(), ...policies]).size <= series;
      if (!isRoom) throw new OptionsError("metrics.watch", `more than ${series} policies`);
      for (const [policy, reading] of added) readings.set(policy, reading);
    },
    snapshot,
    text: () => prometheusText(snapshot()),
    stop,
    [Symbol.dispose]: stop,
  });
}
