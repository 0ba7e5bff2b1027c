/** What all metrics have come to, as plain data. */

import { METRICS, type Metric } from "./metric-definitions.ts";
import type { Tally } from "./metric-tally.ts";
import type { Labels } from "./series.ts";

/** How much, or how many. */
export interface NumberSample {
  readonly labels: Labels;
  readonly value: number;
}

/** Lengths of time, all in seconds. */
export interface DurationSample {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  /** How many were at most so long; the last is `Infinity` and has all. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
  /**
   * What half of the latest 1,000 were at most, and so on: exact for those, each of them a length that
   * was seen. Of older ones only the buckets know.
   */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** One metric. */
export type MetricSnapshot =
  | {
      readonly type: "counter" | "gauge";
      readonly help: string;
      readonly samples: readonly NumberSample[];
    }
  | {
      readonly type: "histogram";
      readonly help: string;
      readonly samples: readonly DurationSample[];
    };

/** The metrics that anything is known of, by name. */
export type MetricsSnapshot = Readonly<Record<string, MetricSnapshot>>;

/** A copy of what a tally has come to. */
export function snapshotOf(tally: Tally): MetricsSnapshot {
  const all = Object.values<Metric>(METRICS).map(
    (metric) => [metric.name, metricSnapshot(tally, metric)] as const,
  );
  return Object.fromEntries(all.filter(([, { samples }]) => samples.length > 0));
}

function metricSnapshot(tally: Tally, metric: Metric): MetricSnapshot {
  const { type, help } = metric;
  return type === "histogram"
    ? { type, help, samples: durationSamples(tally, metric) }
    : { type, help, samples: numberSamples(tally, metric) };
}

function durationSamples(tally: Tally, metric: Metric): DurationSample[] {
  return tally.histogramsOf(metric).map(({ labels, kept }) => ({
    labels,
    count: kept.count,
    sum: kept.sum,
    buckets: kept.buckets(),
    p50: kept.at(0.5),
    p90: kept.at(0.9),
    p99: kept.at(0.99),
  }));
}

function numberSamples(tally: Tally, metric: Metric): NumberSample[] {
  const { states } = metric;
  return tally.numbersOf(metric).flatMap(({ labels, kept: value }) => {
    // A share of nothing: there is none now.
    if (Number.isNaN(value)) return [];
    if (states === undefined) return [{ labels, value }];
    return states.map((state, index) => ({
      labels: { ...labels, state },
      value: index === value ? 1 : 0,
    }));
  });
}
