/** The series of one metric, by their labels, bounded in number. */

/** One value for each label; those that are missing or empty do not stand. */
export type Labels = Readonly<Record<string, string>>;

/** What names and codes beyond the bound are counted as. */
const OTHER = "other";

/** Labels that hold words of ours: a few, whatever happens, so that they tell something of others too. */
const OWN_WORDS: ReadonlySet<string> = new Set(
  "outcome kind reason from to result injected metric".split(" "),
);

/** One series. */
export interface Series<Kept> {
  readonly labels: Labels;
  kept: Kept;
}

/**
 * Series by the values of their labels. Those that are there stay: a counter must not begin anew. The
 * bound is on names and codes together; each of them may stand with every word of ours.
 */
export class SeriesMap<Kept> {
  readonly #names: readonly string[];
  readonly #most: number;
  readonly #make: () => Kept;
  readonly #series = new Map<string, Series<Kept>>();
  /** Names and codes that have series. */
  readonly #known = new Set<string>();

  constructor(names: readonly string[], most: number, make: () => Kept) {
    this.#names = names;
    this.#most = most;
    this.#make = make;
  }

  /** The series of these values: made when there is room. */
  find(values: readonly string[]): Series<Kept> | undefined {
    // No value has this letter in it, so that no two lists of values come to the same key.
    const key = values.join("\n");
    const found = this.#series.get(key);
    return found ?? (this.#isRoomFor(values) ? this.#add(key, values) : undefined);
  }

  /** The series of what these values are beyond the bound. */
  other(values: readonly string[]): Series<Kept> {
    const others = this.#names.map((name, index) => otherThan(name, values[index] as string));
    const key = others.join("\n");
    return this.#series.get(key) ?? this.#add(key, others);
  }

  all(): Series<Kept>[] {
    return [...this.#series.values()];
  }

  #isRoomFor(values: readonly string[]): boolean {
    const foreign = values.filter((_, index) => !OWN_WORDS.has(this.#names[index] as string));
    const key = foreign.join("\n");
    if (!this.#known.has(key) && this.#known.size >= this.#most) return false;
    this.#known.add(key);
    return true;
  }

  #add(key: string, values: readonly string[]): Series<Kept> {
    const pairs = this.#names.map((name, index) => [name, values[index] as string] as const);
    const labels = Object.fromEntries(pairs.filter(([, value]) => value !== ""));
    const series = { labels, kept: this.#make() };
    this.#series.set(key, series);
    return series;
  }
}

function otherThan(name: string, value: string): string {
  return value === "" || OWN_WORDS.has(name) ? value : OTHER;
}
