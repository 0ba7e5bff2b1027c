/** The names of runs and the idempotency keys of steps. */

import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/dice.ts";

/** Crockford's base 32, in lower case: no letter that looks like another. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A name for a new run: 48 bits of time and 80 of chance in 26 digits, as a ULID has, so that names
 * sort by their start. Source: github.com/ulid/spec.
 */
export function newRunId(clock: Clock, random: Random): string {
  const digits = timeDigits(clock.now());
  for (let place = 0; place < 16; place++) digits.push(DIGITS.charAt(Math.floor(random() * 32)));
  return digits.join("");
}

/** Which run a tick of a schedule becomes. */
export interface Tick {
  readonly automation: string;
  /** The schedule's name. */
  readonly schedule: string;
  readonly tickMs: number;
}

/** The name of a tick's run: whoever comes to the tick gives the same one, and only one run has it. */
export function tickRunId({ automation, schedule, tickMs }: Tick): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([automation, schedule, tickMs]))
    .digest();
  const digits = timeDigits(tickMs);
  for (const byte of hash.subarray(0, 16)) digits.push(DIGITS.charAt(byte % 32));
  return digits.join("");
}

function timeDigits(atMs: number): string[] {
  const digits: string[] = [];
  let timeMs = atMs;
  for (let place = 0; place < 10; place++) {
    digits.unshift(DIGITS.charAt(timeMs % 32));
    timeMs = Math.floor(timeMs / 32);
  }
  return digits;
}

/**
 * The name of a child's run: the same whenever its parent asks for it. It has the digits of time of
 * its parent's name, and in place of chance a hash.
 */
export function childRunId(parentId: string, name: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([parentId, name]))
    .digest();
  const digits = Array.from({ length: 16 }, (_, place) => DIGITS.charAt((hash[place] ?? 0) % 32));
  return `${parentId.slice(0, 10)}${digits.join("")}`;
}

/** Which doing of which step a key is for. */
export interface KeyParts {
  readonly runId: string;
  readonly task: string;
  readonly step: string;
  /** How often it was undone and done again, from 1. */
  readonly generation: number;
}

/**
 * The idempotency key of a step: the run, the step's name as far as it is fit for file names and
 * URLs, and a hash that tells apart what the shortened name does not. At most 80 characters.
 */
export function keyOf({ runId, task, step, generation }: KeyParts): string {
  const readable = step
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 36);
  const hash = createHash("sha256")
    .update(JSON.stringify([task, step, generation]))
    .digest("hex")
    .slice(0, 16);
  return [runId, ...(readable === "" ? [] : [readable]), hash].join("-");
}
