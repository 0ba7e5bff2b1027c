/** What all metrics have come to, in bounded memory. */

import type { Redactor } from "../core/redact.ts";
import { clip } from "../core/show.ts";
import { Histogram } from "./histogram.ts";
import { METRICS, type Metric } from "./metric-definitions.ts";
import { SeriesMap, type Series } from "./series.ts";

/** What a tally is told. */
export interface TallyRules {
  /** The most names and codes that have series in each metric. */
  readonly series: number;
  /** Bounds of the buckets in seconds, ascending. */
  readonly bucketsSeconds: readonly number[];
  readonly redactor: Redactor;
}

/** The values of a metric's labels; `undefined` where one does not apply. */
export type LabelValues<Label extends string> = Readonly<Record<Label, string | undefined>>;

type SeriesOf<Kept> = Map<Metric, SeriesMap<Kept>>;

/** A name longer than this was made by a program, and is no use in a table. */
const LONGEST_LABEL = 100;

/** Names of policies come again and again; taking out their secrets costs more than all the rest. */
const MOST_REMEMBERED = 1_000;

/** Counts, gauges and lengths of time, by metric and labels. */
export class Tally {
  readonly #rules: TallyRules;
  readonly #numbers: SeriesOf<number> = new Map();
  readonly #histograms: SeriesOf<Histogram> = new Map();
  readonly #clean = new Map<string, string>();

  constructor(rules: TallyRules) {
    this.#rules = rules;
  }

  /** Counts one more. */
  count<Label extends string>(metric: Metric<Label>, labels: LabelValues<Label>): void {
    this.#findOrOther(metric, this.#numbersOf(metric), labels).kept++;
  }

  /** Takes one more length of time in. */
  time<Label extends string>(metric: Metric<Label>, labels: LabelValues<Label>, ms: number): void {
    const series = mapOf(this.#histograms, metric, this.#rules.series, () => this.#histogram());
    this.#findOrOther(metric, series, labels).kept.add(ms / 1_000);
  }

  /** Says how much there is now. Beyond the bound nothing is kept: the sum of others means nothing. */
  set<Label extends string>(
    metric: Metric<Label>,
    labels: LabelValues<Label>,
    value: number,
  ): void {
    const one = this.#numbersOf(metric).find(this.#valuesOf(metric, labels));
    if (one === undefined) this.#noteOverflow(metric);
    else one.kept = value;
  }

  /** Says which of its states something is in now, and answers which it was in, if that is known. */
  enter<Label extends string>(
    metric: Metric<Label>,
    labels: LabelValues<Label>,
    state: string,
  ): string | undefined {
    const { states = [] } = metric;
    const before = this.stateOf(metric, labels);
    this.set(metric, labels, states.indexOf(state));
    return before;
  }

  /** The state that something was last known to be in. */
  stateOf<Label extends string>(
    metric: Metric<Label>,
    labels: LabelValues<Label>,
  ): string | undefined {
    const one = this.#numbersOf(metric).find(this.#valuesOf(metric, labels));
    return one && metric.states?.[one.kept];
  }

  /** Counts, gauges and states of a metric. */
  numbersOf(metric: Metric): readonly Series<number>[] {
    return this.#numbers.get(metric)?.all() ?? [];
  }

  /** Lengths of time of a metric. */
  histogramsOf(metric: Metric): readonly Series<Histogram>[] {
    return this.#histograms.get(metric)?.all() ?? [];
  }

  #numbersOf(metric: Metric): SeriesMap<number> {
    // No state has this number: what is only asked for is in none.
    const first = metric.states === undefined ? 0 : -1;
    return mapOf(this.#numbers, metric, this.#rules.series, () => first);
  }

  #histogram(): Histogram {
    return new Histogram(this.#rules.bucketsSeconds);
  }

  #findOrOther<Label extends string, Kept>(
    metric: Metric<Label>,
    series: SeriesMap<Kept>,
    labels: LabelValues<Label>,
  ): Series<Kept> {
    const values = this.#valuesOf(metric, labels);
    const found = series.find(values);
    if (found !== undefined) return found;
    this.#noteOverflow(metric);
    return series.other(values);
  }

  #noteOverflow({ name }: Metric): void {
    this.count(METRICS.overflow, { metric: name });
  }

  #valuesOf<Label extends string>(metric: Metric<Label>, labels: LabelValues<Label>): string[] {
    return metric.labels.map((label) => this.#cleaned(labels[label] ?? ""));
  }

  /** Without secrets, and on one line. */
  #cleaned(value: string): string {
    const known = this.#clean.get(value);
    if (known !== undefined) return known;
    const line = this.#rules.redactor.text(value).replaceAll(/\p{Cc}+/gu, " ");
    const clean = clip(line, LONGEST_LABEL);
    // Whoever has so many makes them up, and will not ask for one again.
    if (this.#clean.size >= MOST_REMEMBERED) this.#clean.clear();
    this.#clean.set(value, clean);
    return clean;
  }
}

function mapOf<Kept>(
  maps: SeriesOf<Kept>,
  metric: Metric,
  most: number,
  make: () => Kept,
): SeriesMap<Kept> {
  const found = maps.get(metric);
  if (found !== undefined) return found;
  const made = new SeriesMap(metric.labels, most, make);
  maps.set(metric, made);
  return made;
}
