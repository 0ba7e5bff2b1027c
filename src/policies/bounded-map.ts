/** What was used last, bounded in number. */

/** A map that, when it is full, lets go of the entry that was asked for longest ago. */
export class BoundedMap<Entry> {
  readonly #max: number;
  /** A map keeps the order in which keys came in: what is used comes in anew. */
  readonly #entries = new Map<string, Entry>();

  /** @param max The most entries; at least 1. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of `key`, which counts as used now. */
  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Puts an entry in place of the one that is there, or to the others; then the oldest may go. */
  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
