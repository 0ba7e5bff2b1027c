/**
 * The text format that Prometheus scrapes, version 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats).
 */

import type { DurationSample, MetricSnapshot, MetricsSnapshot } from "./metric-snapshot.ts";
import type { Labels } from "./series.ts";

/** The `Content-Type` of what `metrics().text()` answers. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics for Prometheus, each line ended. */
export function prometheusText(snapshot: MetricsSnapshot): string {
  return Object.entries(snapshot)
    .flatMap(([name, metric]) => [
      `# HELP ${name} ${metric.help}`,
      `# TYPE ${name} ${metric.type}`,
      ...samplesOf(name, metric),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

function samplesOf(name: string, metric: MetricSnapshot): string[] {
  return metric.type === "histogram"
    ? metric.samples.flatMap((sample) => bucketLines(name, sample))
    : metric.samples.map(({ labels, value }) => line(name, labels, value));
}

function bucketLines(name: string, { labels, buckets, sum, count }: DurationSample): string[] {
  return [
    ...buckets.map((bucket) =>
      line(`${name}_bucket`, { ...labels, le: numberText(bucket.upTo) }, bucket.count),
    ),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${numberText(value)}`;
}

/** A line break would be escaped too; there is none in a label. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
