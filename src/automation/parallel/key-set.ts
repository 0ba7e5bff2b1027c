/** Which keys were seen, in at most 32 bytes a key, however long they are. */

import { createHash } from "node:crypto";

/** Marks a place that is free: no fingerprint is zero. */
const FREE = 0n;

/**
 * Holds 64 bits of each key's SHA-256 and not the key. Two keys out of a million are taken for one
 * with a chance of 1 in 37 million (n² / 2⁶⁵, the birthday bound).
 */
export class KeySet {
  #places = new BigUint64Array(16);
  #size = 0;

  /** Adds `key`. Answers whether it was not there before. */
  add(key: string): boolean {
    if (this.#size * 2 >= this.#places.length) this.#grow();
    const print = fingerprint(key);
    const place = placeFor(this.#places, print);
    if (this.#places[place] === print) return false;
    this.#places[place] = print;
    this.#size++;
    return true;
  }

  #grow(): void {
    const places = new BigUint64Array(this.#places.length * 2);
    for (const print of this.#places) {
      if (print !== FREE) places[placeFor(places, print)] = print;
    }
    this.#places = places;
  }
}

function fingerprint(key: string): bigint {
  const print = createHash("sha256").update(key).digest().readBigUInt64LE();
  return print === FREE ? 1n : print;
}

/** Where `print` stands, or may stand: the next free place after its own. */
function placeFor(places: BigUint64Array, print: bigint): number {
  const mask = places.length - 1;
  let place = Number(BigInt.asUintN(32, print)) & mask;
  while (places[place] !== FREE && places[place] !== print) place = (place + 1) & mask;
  return place;
}
