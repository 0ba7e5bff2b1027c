/** The last bytes of a stream, in a buffer that never outgrows its limit. */

const FIRST_SIZE = 4_096;

/** See the header. */
export class Tail {
  readonly #limit: number;
  #buffer = Buffer.alloc(0);
  #total = 0;

  /** @param limit How many bytes are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many bytes there were in all. */
  get total(): number {
    return this.#total;
  }

  /** Whether all of them are kept. */
  get isWhole(): boolean {
    return this.#total <= this.#limit;
  }

  /** Takes a copy: the chunk may be part of a much larger buffer. */
  push(chunk: Uint8Array): void {
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#limit));
    // What is not kept moves the place in the ring all the same.
    this.#total += chunk.length - kept.length;
    this.#makeRoom(kept.length);
    const at = this.#limit === 0 ? 0 : this.#total % this.#limit;
    const first = Math.min(kept.length, this.#buffer.length - at);
    this.#buffer.set(kept.subarray(0, first), at);
    this.#buffer.set(kept.subarray(first), 0);
    this.#total += kept.length;
  }

  /** What is kept, in its order. */
  bytes(): Buffer {
    if (this.isWhole) return this.#buffer.subarray(0, this.#total);
    const start = this.#limit === 0 ? 0 : this.#total % this.#limit;
    return Buffer.concat([this.#buffer.subarray(start), this.#buffer.subarray(0, start)]);
  }

  /** What is kept as text. Bytes that are no UTF-8 become U+FFFD, and half a letter at the cut goes. */
  text(): string {
    const bytes = this.bytes();
    return bytes.toString("utf8", this.isWhole ? 0 : continuationBytes(bytes));
  }

  #makeRoom(more: number): void {
    const needed = Math.min(this.#limit, this.#total + more);
    if (needed <= this.#buffer.length) return;
    const size = Math.min(this.#limit, Math.max(needed, this.#buffer.length * 2, FIRST_SIZE));
    const grown = Buffer.alloc(size);
    grown.set(this.#buffer);
    this.#buffer = grown;
  }
}

/** How many bytes at the start belong to a letter that began before; at most three. */
function continuationBytes(bytes: Uint8Array): number {
  const start = bytes.subarray(0, 3).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return start === -1 ? Math.min(3, bytes.length) : start;
}
