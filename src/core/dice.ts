/**
 * Random numbers that can be had again.
 *
 * The generator is xoshiro128** by David Blackman and Sebastiano Vigna, "Scrambled Linear
 * Pseudorandom Number Generators", 2018; its state is filled from the seed by the 32-bit mixing
 * function of MurmurHash3 (Austin Appleby, 2011). Not for secrets.
 */

/** Gives numbers from 0 up to, not including, 1. */
export type Random = () => number;

/** Dice that fall the same way each time for the same seed: a whole number or any text. */
export function seededDice(seed: number | string): Random {
  const state = stateOf(String(seed));
  return () => {
    const high = nextWord(state) >>> 5;
    const low = nextWord(state) >>> 6;
    // 27 and 26 random bits fill the 53 that a number holds.
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}

function stateOf(seed: string): Uint32Array {
  let hash = 0x9e3779b9;
  for (const char of seed) hash = mix(hash ^ (char.codePointAt(0) ?? 0));
  return Uint32Array.from([1, 2, 3, 4], (lane) => mix(Math.imul(hash, lane) + lane));
}

function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}

function nextWord(state: Uint32Array): number {
  const [a, b, c, d] = state as unknown as [number, number, number, number];
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  const third = c ^ a;
  const fourth = d ^ b;
  state[1] = b ^ third;
  state[0] = a ^ fourth;
  state[2] = third ^ (b << 9);
  state[3] = rotate(fourth >>> 0, 11);
  return result;
}
