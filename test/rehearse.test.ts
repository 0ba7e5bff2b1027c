/**
 * `holdfast rehearse` as users call it: real processes that are really killed, on a real disk. The
 * planted mistakes and their mended twins are in test/fixtures/rehearse.
 */

import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place } from "./cli-process.ts";
import { COMPILED } from "./compiled.ts";

/** Each of them is a dozen processes or more on a machine that may be busy. */
const LIMIT_MS = 90_000;

const fixture = (name: string): string =>
  join(import.meta.dirname, "fixtures/rehearse", `${name}.ts`);

interface Told {
  readonly mistakes: readonly {
    readonly mistake: string;
    readonly step: string;
    readonly shownBy: readonly string[];
  }[];
}

const PLANTED: readonly [
  file: string,
  fault: string,
  mistake: string,
  step: string,
  run: string,
][] = [
  ["forgotten-undo", "fatal", "forgotten-undo", "write order", "write bill: fatal"],
  ["undo-assumes", "fatal", "undo-assumes-effect", "write order", "write order: fatal"],
  ["undo-takes-others", "late-fatal", "undo-takes-others", "note it", "note it: late-fatal"],
  ["verify-accepts", "wrong-output", "verify-accepts", "write order", "write order: wrong-output"],
  ["repeated-effect", "kill-after", "repeated-effect", "book", "book: kill-after"],
  ["left-behind", "abort-rollback", "left-behind", "write order", "write order: abort-rollback"],
  [
    "undo-not-repeatable",
    "undo-fails-once",
    "undo-not-repeatable",
    "take one",
    "take one: undo-fails-once",
  ],
  ["effect-outside", "fatal", "effect-outside", "", "write order: fatal"],
  ["undo-loses-mode", "late-fatal", "undo-loses-mode", "replace", "replace: late-fatal"],
  ["reconcile-lies", "kill-before", "reconcile-lies", "write report", "write report: kill-before"],
];

// Pairs run side by side, for much of each is waiting.
test.concurrent.for(PLANTED)(
  "%s: %s shows the mistake, and names the step",
  { timeout: LIMIT_MS },
  async ([file, fault, mistake, step, run]) => {
    const words = ["rehearse", fixture(file), "--fault", fault, "--json", "--concurrency", "1"];

    const { exitCode, stdout } = await holdfast(place(), words, COMPILED, LIMIT_MS);

    const { mistakes } = JSON.parse(stdout) as Told;
    expect(mistakes.map((each) => [each.mistake, each.step, each.shownBy])).toEqual([
      [mistake, step, [run]],
    ]);
    expect(exitCode).toBe(1);
  },
);

/** Its mended twin meets every fault: two steps with undos, of which one changes a file, and a reconcile. */
const FULLY = "reconcile-lies";

/** The others meet what showed the mistake, and what any of them could stumble over. */
const ALWAYS = "kill-after";

test.concurrent.for(PLANTED)(
  "%s: the mended twin passes",
  { timeout: LIMIT_MS },
  async ([file, fault]) => {
    const faults = file === FULLY ? [] : new Set([fault, ALWAYS]);
    const words = [...faults].flatMap((name) => ["--fault", name]);

    const { exitCode, stdout } = await holdfast(
      place(),
      ["rehearse", fixture(`${file}.mended`), ...words, "--concurrency", "1"],
      COMPILED,
      LIMIT_MS,
    );

    expect(stdout).not.toContain("NOT OK");
    expect(stdout).toMatch(/(\d+)\/\1 rehearsed runs left nothing and ended complete\n$/);
    expect(exitCode).toBe(0);
  },
);

test(
  "items of maps and children are rehearsed, what is asked is approved, and no time is waited",
  async () => {
    const words = ["rehearse", fixture("shape"), "--fault", "kill-before", "--fault", "late-fatal"];

    const { exitCode, stdout } = await holdfast(place(), words, {}, LIMIT_MS);

    expect(stdout).toBe(`step           runs  verdict
hosts[a]/note  2/2   ok
hosts[b]/note  2/2   ok
smoke/note     2/2   ok

6/6 rehearsed runs left nothing and ended complete
`);
    expect(exitCode).toBe(0);
  },
  LIMIT_MS,
);

test(
  "a signal that nobody sends is told, and not waited for",
  async () => {
    const words = ["rehearse", fixture("nobody-sends")];

    const { exitCode, stderr } = await holdfast(place(), words, {}, LIMIT_MS);

    expect([exitCode, stderr]).toEqual([
      78,
      expect.stringContaining('nobody sends signal "rows" in a rehearsal: it was waited for 5 s'),
    ]);
  },
  LIMIT_MS,
);
