/**
 * Many texts, kept so that the longest one at a place of another text is found without trying them
 * all, and so that adding one costs no more than itself.
 *
 * A tree by two letters at a time: a node holds a few texts, and when there are more it hands them
 * down to its children.
 */

/** With fewer than these, trying them is faster than going down. */
const MOST_IN_NODE = 8;

/** Texts that have this many letters in common are tried one by one. */
const DEEPEST = 128;

/** Texts of two letters and more. Each is added once. */
export class LiteralTree {
  /** How many first letters its texts have in common. */
  readonly #depth: number;
  /** Those that were not handed down, the longest first. */
  #own: string[] = [];
  #children: Map<number, LiteralTree> | undefined;

  constructor(depth = 0) {
    this.#depth = depth;
    // Nearly every place is told at the root, by its letters, to begin none.
    if (depth === 0) this.#children = new Map();
  }

  get isEmpty(): boolean {
    return this.#own.length === 0 && (this.#children?.size ?? 0) === 0;
  }

  add(literal: string): void {
    if (this.#children !== undefined && literal.length >= this.#depth + 2) {
      this.#child(literal, this.#children).add(literal);
      return;
    }
    this.#own = [...this.#own, literal].toSorted((a, b) => b.length - a.length);
    if (this.#own.length > MOST_IN_NODE && this.#children === undefined && this.#depth < DEEPEST) {
      const all = this.#own;
      this.#own = [];
      this.#children = new Map();
      for (const each of all) this.add(each);
    }
  }

  #child(literal: string, children: Map<number, LiteralTree>): LiteralTree {
    const letters = lettersAt(literal, this.#depth);
    const child = children.get(letters) ?? new LiteralTree(this.#depth + 2);
    children.set(letters, child);
    return child;
  }

  delete(literal: string): void {
    this.#own = this.#own.filter((own) => own !== literal);
    const letters = lettersAt(literal, this.#depth);
    const child = this.#children?.get(letters);
    child?.delete(literal);
    if (child?.isEmpty === true) this.#children?.delete(letters);
  }

  /** How long the longest is that stands in `text` at `index`; 0 when none does. */
  lengthAt(text: string, index: number): number {
    const child = this.#children?.get(lettersAt(text, index + this.#depth));
    // What was handed down is longer than what was not.
    const below = child?.lengthAt(text, index) ?? 0;
    if (below > 0) return below;
    return this.#own.find((literal) => text.startsWith(literal, index))?.length ?? 0;
  }

  /** Whether one begins with `start`, and goes on. */
  hasLonger(start: string): boolean {
    if (this.#own.some((own) => own.length > start.length && own.startsWith(start))) return true;
    if (this.#children === undefined) return false;
    if (start.length >= this.#depth + 2) {
      return this.#children.get(lettersAt(start, this.#depth))?.hasLonger(start) ?? false;
    }
    return this.#children.values().some((child) => child.hasLonger(start));
  }
}

function lettersAt(text: string, index: number): number {
  return text.charCodeAt(index) * 65_536 + text.charCodeAt(index + 1);
}
