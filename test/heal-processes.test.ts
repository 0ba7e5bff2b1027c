/** Healing in several real processes that share one journal, and in one that is killed meanwhile. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { sqliteJournal } from "holdfast/journal";
import { fixture, holdfast, place, start, type Place } from "./cli-process.ts";

/** Two starts of Node and their journals, on a machine that may be busy with all other tests. */
const LONG_MS = 60_000;

const words = (at: Place, input: object) => [
  "run",
  fixture("heals-service.ts"),
  "--input",
  JSON.stringify({ ledger: at.ledger, together: 1, times: 3, ...input }),
];

/** What all processes know of the service. */
async function targetState(at: Place): Promise<unknown> {
  const journal = sqliteJournal(join(at.home, "holdfast.db"), { ballast: 0 });
  try {
    const state = await journal.readState("heal/service/startService");
    return JSON.parse(state?.value ?? "null");
  } finally {
    await journal.close();
  }
}

test(
  "of two processes that want to start one service at the same moment one does, and both go on",
  { timeout: LONG_MS },
  async () => {
    const at = place();

    const ended = await Promise.all(
      ["a", "b"].map((NAME) => holdfast(at, words(at, { together: 2 }), { NAME })),
    );
    const told = ended.map(({ stderr }) => stderr).join("");

    expect([ended.map(({ exitCode }) => exitCode), at.did().toSorted()]).toEqual([
      [0, 0],
      ["answered", "answered", "asks", "asks", "start"],
    ]);
    expect(told.match(/ran startService|cured by another process/g)?.toSorted()).toEqual([
      "cured by another process",
      "ran startService",
    ]);
    expect(await targetState(at)).toEqual({
      actedAtMs: [expect.any(Number)],
      leftAtMs: expect.any(Number),
      healedAtMs: expect.any(Number),
    });
  },
);

test.for<[name: string, times: number, exitCode: number, did: string[]]>([
  ["its target is free at once", 2, 0, ["start", "answered"]],
  ["what it began counts in the budget", 1, 75, []],
])(
  "killed with -9 in the middle of a healing: %s",
  { timeout: LONG_MS },
  async ([, times, exitCode, did]) => {
    const at = place();
    const first = start(at, words(at, { times }), { HANG: "1" });
    await first.heard("is being healed");
    while (!at.did().includes("start")) await new Promise(setImmediate);
    first.child.kill("SIGKILL");
    await first.ended;
    const held = await targetState(at);

    const resumed = await holdfast(at, words(at, { times }));

    expect(held).toMatchObject({
      holder: { owner: { pid: first.child.pid } },
      actedAtMs: [expect.any(Number)],
    });
    expect([resumed.exitCode, at.did()]).toEqual([exitCode, ["asks", "start", "asks", ...did]]);
    expect(await targetState(at)).not.toHaveProperty("holder");
  },
);
