/** Output of any length that both sides make anew from a few numbers: nothing of a gigabyte is kept. */

import { createHash } from "node:crypto";
import { seededDice } from "../../src/core/dice.ts";

/** What it looks like. */
export type Kind = "lines" | "no newline" | "binary" | "invalid UTF-8" | "zeros";

/** Which output. */
export interface Output {
  readonly kind: Kind;
  readonly bytes: number;
  readonly seed: number;
}

export const KINDS: readonly Kind[] = ["lines", "no newline", "binary", "invalid UTF-8", "zeros"];

/** A prime, so that no buffer of a power of two falls together with it. */
const BLOCK_BYTES = 65_521;

/**
 * It, in pieces.
 *
 * @yields Buffers that are used again.
 */
export function* chunksOf({ kind, bytes, seed }: Output): Generator<Buffer> {
  const block = blockOf(kind, seed);
  for (let left = bytes; left > 0; left -= BLOCK_BYTES) {
    yield block.subarray(0, Math.min(left, BLOCK_BYTES));
  }
}

function blockOf(kind: Kind, seed: number): Buffer {
  const random = seededDice(seed);
  const letter = () => 97 + Math.floor(random() * 26);
  const makers: Readonly<Record<Kind, (at: number) => number>> = {
    lines: (at) => (at % 80 === 79 ? 10 : letter()),
    "no newline": letter,
    binary: () => Math.floor(random() * 256),
    // Continuation bytes without a beginning, and beginnings without an end.
    "invalid UTF-8": (at) => (at % 3 === 0 ? 0x80 + Math.floor(random() * 128) : letter()),
    zeros: () => 0,
  };
  return Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, at) => makers[kind](at)));
}

/** Its fingerprint, `times` over. */
export function digestOf(outputs: readonly Output[]): string {
  const hash = createHash("sha256");
  for (const output of outputs) for (const chunk of chunksOf(output)) hash.update(chunk);
  return hash.digest("hex");
}
