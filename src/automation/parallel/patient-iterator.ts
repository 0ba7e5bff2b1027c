/** Goes through items of any kind, and can be told that no further one is needed. */

import { OptionsError } from "../../core/errors.ts";
import { show } from "../../core/show.ts";
import type { Items } from "./map-result.ts";

const DONE = { done: true, value: undefined } as const;

/** See the header. */
export class PatientIterator<Item> {
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  #isGivenUp = false;
  #hasEnded = false;
  #giveUp: () => void = () => undefined;

  /** @throws {OptionsError} When `items` cannot be gone through; `owner` says whose they are. */
  constructor(items: Items<Item>, owner: string) {
    const source = Object(items) as Partial<Iterable<Item> & AsyncIterable<Item>>;
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
    if (iterator === undefined || typeof items === "string") {
      throw new OptionsError(
        owner,
        `expected an array, an iterable or an async iterable of items, received ${show(items)}`,
      );
    }
    this.#iterator = iterator;
  }

  /** The next item; done when there is none, or none is waited for any more. */
  next(): Promise<IteratorResult<Item, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.#isGivenUp) return resolve(DONE);
      // Settled anew for each item: one promise for all of them would remember each that waited.
      this.#giveUp = () => resolve(DONE);
      this.#ask().then(resolve, reject);
    });
  }

  /** No item is needed any more, not even the one that is waited for. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#giveUp();
  }

  /**
   * Lets whoever gives the items clean up, unless they have come to their end, as `for … of` does.
   * Nobody waits for that: it may never end.
   */
  close(): void {
    if (this.#hasEnded) return;
    Promise.try(() => this.#iterator.return?.()).catch(() => undefined);
  }

  async #ask(): Promise<IteratorResult<Item, unknown>> {
    try {
      const next = await this.#iterator.next();
      this.#hasEnded = next.done === true;
      return next;
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    }
  }
}
