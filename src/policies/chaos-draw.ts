/** Whether a call is struck, and by which of several: the rule, with the dice handed in. */

import type { Random } from "../core/dice.ts";
import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import { draw } from "./jitter.ts";

/** Whether this call is among the share `rate`. Always draws one number, whatever the rate. */
export function isStruck(rate: unknown, random: Random): boolean {
  const drawn = draw(random);
  // Dice may show 1, and the share of 1 is everybody.
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return drawn < rate || rate === 1;
  throw new OptionsError("chaos.rate", `expected to give a number from 0 to 1, gave ${show(rate)}`);
}

/** One of them, each as likely as the others; `undefined` when there is none. */
export function drawOne<Item>(items: readonly Item[], random: Random): Item | undefined {
  const index = Math.min(Math.floor(draw(random) * items.length), items.length - 1);
  return items[index];
}
