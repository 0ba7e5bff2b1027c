/**
 * The levels of the latest calls as a pure rule: which level is the one below which a share of them
 * lies. The shares are those of what is asked for, also of what is turned away: counted otherwise, the
 * levels that are turned away would be forgotten, and the next higher ones would follow them.
 */

/** How many calls are kept: enough for one percent, and forgotten soon. */
const SIZE = 1_000;
/** How many may come, for each that is kept, until they are put in order again. */
const STALE = 1 / 16;

/** The levels of the latest calls. */
export class LevelWindow {
  readonly #latest = new Float64Array(SIZE);
  #count = 0;
  /** The same in order, as of some calls ago. */
  #sorted = new Float64Array(0);
  #unsorted = 0;

  /** Counts a call of this level. */
  add(level: number): void {
    this.#latest[this.#count % SIZE] = level;
    this.#count++;
    this.#unsorted++;
    if (this.#unsorted <= this.#sorted.length * STALE) return;
    this.#sorted = this.#latest.slice(0, Math.min(this.#count, SIZE)).sort();
    this.#unsorted = 0;
  }

  /** The level below which this share of the calls lies; never above the highest of them. */
  quantile(share: number): number {
    const last = this.#sorted.length - 1;
    return this.#sorted[Math.min(last, Math.floor(share * this.#sorted.length))] ?? -Infinity;
  }
}
