/**
 * A step in doubt in each of its cases: it was begun, and a real `kill -9` came before its record. What
 * is done about it is told by the world's own ledger.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, holdfast, place } from "./cli-process.ts";

/** A handful of processes one after the other, on a machine that may be busy with all other tests. */
const MANY_RUNS_MS = 120_000;

type Side = "before" | "after";

/** Keys by the order in which they appear: what is done under the same one is no other deed. */
function withoutKeys(lines: readonly string[]): string[] {
  const keys: string[] = [];
  return lines.map((line) =>
    line.replace(/\b01\w{24}-put-\w+/, (key) => {
      if (!keys.includes(key)) keys.push(key);
      return `key ${keys.indexOf(key) + 1}`;
    }),
  );
}

/** Kills the run on that side of its effect. */
async function killed(guards: string, side: Side) {
  const at = place();
  const object = join(at.root, "object");
  const input = JSON.stringify({ ledger: at.ledger, object, guards });
  const words = ["run", fixture("doubt.ts"), "--input", input];
  const { exitCode } = await holdfast(at, words, { CRASH: side });
  expect([exitCode, existsSync(object)]).toEqual([137, side === "after"]);
  return {
    again: async (...flags: string[]) => {
      const ended = await holdfast(at, [...words, ...flags]);
      const did = withoutKeys(at.did()).slice(["order", "put key 1"].length);
      return { exitCode: ended.exitCode, did, isThere: existsSync(object) };
    },
  };
}

test.concurrent.for<[what: string, guards: string, side: Side, did: string[]]>([
  ["it happened, and is found", "looks", "after", ["look key 1", "told: was there"]],
  ["it did not happen", "looks", "before", ["look key 1", "put key 1", "told: put"]],
  [
    "it cannot be told, and it is undone first",
    "wonders and undoes",
    "after",
    ["undo key 1 no value unknown", "put key 2", "told: put"],
  ],
  [
    "it cannot be told, and it bears to be done again",
    "wonders and repeats",
    "after",
    ["put key 1", "told: put"],
  ],
  ["it bears to be done again", "repeats", "after", ["put key 1", "told: put"]],
  ["it did not happen, and would have borne it", "repeats", "before", ["put key 1", "told: put"]],
  [
    "it can be undone",
    "undoes",
    "after",
    ["undo key 1 no value unknown", "put key 2", "told: put"],
  ],
  [
    "it can be undone, and did not happen",
    "undoes",
    "before",
    ["undo key 1 no value unknown", "put key 2", "told: put"],
  ],
  [
    "it happened, and need not be undone",
    "looks and undoes",
    "after",
    ["look key 1", "told: was there"],
  ],
])("%s: %s, killed %s the effect", { timeout: MANY_RUNS_MS }, async ([, guards, side, did]) => {
  const run = await killed(guards, side);

  const next = await run.again();

  expect(next).toEqual({ exitCode: 0, did, isThere: true });
});

test.concurrent.for<[guards: string, side: Side]>([
  ["", "after"],
  ["", "before"],
  ["wonders", "after"],
])(
  "guarded by %j and killed %s the effect, it stops for a human",
  { timeout: MANY_RUNS_MS },
  async ([guards, side]) => {
    const run = await killed(guards, side);

    const isThere = side === "after";
    const stopped = { exitCode: 82, did: [], isThere };
    expect([await run.again(), await run.again("--resume")]).toEqual([stopped, stopped]);
  },
);

test.concurrent.for<
  [says: string, flags: string[], exitCode: number, did: string[], isThere: boolean]
>([
  ["it happened", ["--decide", 'put="by hand"'], 0, ["told: by hand"], true],
  ["it did not", ["--decide", "put=absent"], 0, ["put key 1", "told: put"], true],
  ["take the rest back", ["--rollback"], 81, ["undo order"], true],
  [
    "it did not, and take the rest back",
    ["--rollback", "--decide", "put=absent"],
    80,
    ["undo order"],
    true,
  ],
])("a human says: %s", { timeout: MANY_RUNS_MS }, async ([, flags, exitCode, did, isThere]) => {
  const run = await killed("", "after");
  await run.again();

  const decided = await run.again(...flags);

  expect(decided).toEqual({ exitCode, did, isThere });
});
