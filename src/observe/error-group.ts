/**
 * Which errors are the same one again: those of the same kind from the same place in the code, or,
 * where there is no place, with the same message but for what changes in it.
 */

import type { ErrorSummary } from "../core/error-summary.ts";

/** Frames beyond these belong to whoever called. */
const MOST_FRAMES = 5;

/** A short name for all errors that are the same one again, such as `eg_7f3a91c2`. */
export function errorGroup(error: ErrorSummary): string {
  const signs = chainOf(error).flatMap(({ type, code, stack, message }) => [
    type,
    code ?? "",
    ...(placesIn(stack ?? "") ?? [steadyPart(message)]),
  ]);
  return `eg_${hash(signs.join("\n")).toString(16).padStart(8, "0")}`;
}

function chainOf(error: ErrorSummary): ErrorSummary[] {
  const next = error.cause ?? error.errors?.[0];
  return next === undefined ? [error] : [error, ...chainOf(next)];
}

/** The user's own frames without line numbers, for those move with every change of the file. */
function placesIn(stack: string): string[] | undefined {
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line))
    .map((line) => line.trim().replace(/(?::\d+)+\)?$/, ""));
  return frames.length === 0 ? undefined : frames.slice(0, MOST_FRAMES);
}

function steadyPart(message: string): string {
  return message
    .replaceAll(/"[^"]*"|'[^']*'/g, '""')
    .replaceAll(/\b[0-9a-f-]{8,}\b/gi, "0")
    .replaceAll(/\d+/g, "0");
}

/** FNV-1a in 32 bits, over UTF-16 units. Source: isthe.com/chongo/tech/comp/fnv. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return sum;
}
