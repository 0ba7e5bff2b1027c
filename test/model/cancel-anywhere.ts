/** A program cancelled at each of its moments, and killed at each write of what comes after. */

import { expect, test } from "vitest";
import { Machine } from "./machine.ts";
import type { Part, StepPart } from "./program.ts";

/** A program, and the steps whose effects are left in the end. */
export type Example = readonly [name: string, program: readonly Part[], left: string];

/** A step of a program. */
export const step = (
  name: string,
  guard: StepPart["guard"],
  more: Pick<StepPart, "fault" | "hearing"> = {},
): StepPart => ({ step: name, guard, ...more });

/** Cancels a first start at every moment; answers the machines that differ, and where each was cancelled. */
async function cancelAnywhere(program: readonly Part[]) {
  const states = new Map<string, { readonly machine: Machine; readonly at: string }>();
  for (let moment = 1; ; moment++) {
    const machine = new Machine(program);
    const { isStruck, passed } = await machine.start({ how: "cancel", moment });
    if (!isStruck) return { states, moments: moment - 1 };
    states.set(await machine.state(), { machine, at: `cancelled ${passed[moment - 1]}` });
  }
}

/** Kills the next start at every write; answers what comes of each, but for machines that were `seen`. */
async function killAtAnyWrite(machine: Machine, seen: Set<string>) {
  const undisturbed = await machine.fork();
  if (await undisturbed.isEnded()) return { outcomes: [await undisturbed.finish()], kills: 0 };
  const { writes } = await undisturbed.start();
  const outcomes = [await undisturbed.finish()];
  for (const moment of writes) {
    const killed = await machine.fork();
    await killed.start({ how: "kill", moment });
    const state = await killed.state();
    if (seen.has(state)) continue;
    seen.add(state);
    outcomes.push(await killed.finish());
  }
  return { outcomes, kills: writes.length };
}

/** Thousands of runs, on a machine that may be busy. */
const SLOW = { timeout: 240_000 };

/** Holds that each of `programs` ends well, wherever it is cancelled and killed. */
export function testCancelAnywhere(programs: readonly Example[]): void {
  test.for(programs)(
    "%s: cancelled anywhere, and killed at any write of the next start, a run ends well",
    SLOW,
    async ([, program, left]) => {
      const expected = await new Machine(program).finish();
      const seen = new Set<string>();
      const { states, moments } = await cancelAnywhere(program);
      let kills = 0;

      for (const { machine, at } of states.values()) {
        const played = await killAtAnyWrite(machine, seen);
        for (const outcome of played.outcomes)
          expect({ at, ...outcome }).toEqual({ at, ...expected });
        kills += played.kills;
      }

      expect([expected.left.join(""), expected.wrongs]).toEqual([left, []]);
      expect({ moments: moments > 35, states: states.size > 10, kills: kills > 80 }).toEqual({
        moments: true,
        states: true,
        kills: true,
      });
    },
  );
}
