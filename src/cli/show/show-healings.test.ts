import { expect, test } from "vitest";
import {
  attemptBegun,
  attemptFailed,
  attemptHealed,
  newStep,
  stepCompleted,
} from "../../automation/step-record.ts";
import type { HealRecord } from "../../core/remedy.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import { healingLines } from "./show-healings.ts";
import { show } from "../show.ts";
import { fakeWorld, runCommand } from "../world-fixture.contract.ts";

const HEALING: HealRecord = {
  remedy: "disk-full",
  target: "/srv/*.gz",
  blastRadius: "deletes files that match /srv/*.gz, never the newest 7",
  plan: ["delete /srv/1.gz (1 MB)"],
  found: "/srv has 0 B left",
  startedAtMs: 1_000,
  deeds: [],
};

test.for<[name: string, change: Partial<HealRecord>, lines: string[]]>([
  [
    "what healed tells what was found, done and measured",
    {
      outcome: "healed",
      endedAtMs: 1_200,
      deeds: ["deleted /srv/1.gz (1 MB)"],
      because: "/srv has 1 MB left",
    },
    [
      "        remedy disk-full (/srv/*.gz): healed, 200 ms",
      "          found: /srv has 0 B left",
      "          at most: deletes files that match /srv/*.gz, never the newest 7",
      "          deleted /srv/1.gz (1 MB)",
      "          then: /srv has 1 MB left",
    ],
  ],
  [
    "what was skipped tells why",
    {
      outcome: "skipped",
      endedAtMs: 1_000,
      found: undefined,
      plan: [],
      because: "its budget is spent",
    },
    [
      "        remedy disk-full (/srv/*.gz): skipped, 0 ms",
      "          because: its budget is spent",
    ],
  ],
  [
    "one whose end nobody saw tells what it meant to do",
    {},
    [
      "        remedy disk-full (/srv/*.gz): begun, end not seen",
      "          found: /srv has 0 B left",
      "          at most: deletes files that match /srv/*.gz, never the newest 7",
      "          meant to delete /srv/1.gz (1 MB)",
    ],
  ],
])("%s", ([, change, lines]) => {
  expect(healingLines([{ ...HEALING, ...change }], "end not seen")).toEqual(lines);
});

test("show tells it beside the attempt that failed, and that the step was healed", async () => {
  const runId = "01aaaaaaaaaaaaaaaaaaaaaaaa";
  const run = {
    id: runId,
    automation: "nightly",
    status: "succeeded",
    codeHash: "hash",
    input: "{}",
    startedAtMs: 0,
    resumes: 0,
  } as const;
  const parts = { runId, task: "", kind: "step", position: 1, hasUndo: false, atMs: 0 } as const;
  const fault = { class: "degraded", code: "ENOSPC", effect: "partial" } as const;
  const end = { atMs: 40, fault, error: { type: "Error", message: "no space left" } };
  const failed = attemptFailed(
    attemptBegun(newStep({ ...parts, name: "archive" }), 1, 0),
    end,
    "none",
  );
  const healed = attemptHealed(attemptHealed(failed, HEALING), {
    ...HEALING,
    endedAtMs: 1_200,
    outcome: "healed",
  });
  const world = fakeWorld();
  const journal = memoryJournal({ clock: world.clock });
  const { hold } = await journal.claim(run, thisProcess());
  await journal.writeStep(hold, stepCompleted(attemptBegun(healed, 2, 1_300), "1", 2_000));
  await journal.release(hold);

  const { stdout } = await runCommand(show, ["last"], fakeWorld({ journal }));

  expect(stdout).toContain("✓ step archive: completed in 2 s, healed\n");
  expect(stdout).toContain(
    "      attempt 1, 40 ms: ENOSPC (degraded, effect partial): no space left\n" +
      "        remedy disk-full (/srv/*.gz): healed, 200 ms\n",
  );
  expect(stdout.match(/remedy/g)).toHaveLength(1);
});
