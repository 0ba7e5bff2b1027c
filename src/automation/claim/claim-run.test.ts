import { expect, test } from "vitest";
import { InputError, UnfinishedRunError } from "../../core/errors.ts";
import type { Journal, RunRecord, RunStatus } from "../../core/journal.ts";
import { loggerTo } from "../../core/logger.ts";
import type { StandardSchema } from "../../core/standard-schema.ts";
import { memoryJournal } from "../../journal/memory.ts";
import { thisProcess } from "../../journal/owner.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { automation, type AutomationOptions } from "../automation.ts";
import { claimRun, type Asked } from "./claim-run.ts";

/** Takes `{ size: number }`, and makes it twice as large. */
const input = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => {
      const { size } = value as { size?: unknown };
      if (typeof size === "number") return { value: { size: size * 2 } };
      return { issues: [{ message: "expected a number", path: ["size"] }] };
    },
  },
} satisfies StandardSchema<{ size: number }>;

function newRun(id: string, given: unknown): RunRecord {
  const text = JSON.stringify(given);
  return {
    id,
    automation: "demo",
    status: "running",
    codeHash: "same",
    input: text,
    startedAtMs: new VirtualClock().now(),
    resumes: 0,
  };
}

/** A journal with a run "old" of that status, which nobody holds. */
async function journalWith(status: RunStatus, given: unknown = { size: 1 }) {
  const clock = new VirtualClock();
  const journal = memoryJournal({ clock, isGone: () => false });
  const { hold } = await journal.claim(newRun("old", given), thisProcess());
  await journal.writeRun(hold, { ...newRun("old", given), status });
  await journal.release(hold);
  return { journal, clock };
}

interface Request {
  readonly asked?: Asked["asked"];
  readonly decided?: Asked["decided"];
  readonly given?: unknown;
  readonly options?: AutomationOptions<{ size: number }>;
}

/** Claims a run "new" of that input; answers what came of it, and what is in the journal then. */
async function claimed(
  { journal, clock }: { journal: Journal; clock: VirtualClock },
  { asked, decided = [], given = { size: 1 }, options = { input } }: Request = {},
) {
  const demo = automation<{ size: number }>("demo", options, () => undefined);
  const answer = await claimRun(demo, {
    log: loggerTo(() => {}),
    journal,
    owner: thisProcess(),
    wanted: newRun("new", given),
    input: given,
    asked,
    decided,
    clock,
  }).then(
    ({ claim, choice, input: checked }) => ({ run: claim.run.id, choice, input: checked }),
    (error: unknown) => error,
  );
  const runs = await journal.findRuns();
  return { answer, runs: Object.fromEntries(runs.map(({ id, status }) => [id, status])) };
}

test.for<[what: string, status: RunStatus, request: Request, expected: object]>([
  [
    "a new run is claimed where none is unfinished",
    "failed",
    {},
    {
      answer: { run: "new", choice: "fresh", input: { size: 2 } },
      runs: { old: "failed", new: "running" },
    },
  ],
  [
    "the same run is resumed",
    "interrupted",
    {},
    { answer: { run: "old", choice: "resume", input: { size: 2 } }, runs: { old: "interrupted" } },
  ],
  [
    "on request a run is resumed with its own input, whatever is given",
    "in doubt",
    { asked: "resume", given: { size: "unfit" } },
    { answer: { run: "old", choice: "resume", input: { size: 2 } }, runs: { old: "in doubt" } },
  ],
  [
    "on request a run is rolled back with its own input, whatever is given",
    "running",
    { asked: "rollback", given: {} },
    { answer: { run: "old", choice: "rollback", input: { size: 2 } }, runs: { old: "running" } },
  ],
  [
    "resuming on request starts a new run where none is unfinished",
    "succeeded",
    { asked: "resume", given: { size: 4 } },
    {
      answer: { run: "new", choice: "fresh", input: { size: 8 } },
      runs: { old: "succeeded", new: "running" },
    },
  ],
  [
    "a fresh start abandons what is unfinished",
    "in doubt",
    { asked: "fresh", given: { size: 4 } },
    {
      answer: { run: "new", choice: "fresh", input: { size: 8 } },
      runs: { old: "abandoned", new: "running" },
    },
  ],
])("%s", async ([, status, request, expected]) => {
  expect(await claimed(await journalWith(status), request)).toEqual(expected);
});

const UNFIT = new InputError('The input does not fit "demo": size: expected a number');
const UNDECIDABLE = new InputError(
  'There is no run of "demo" to go on with, so nothing can be decided about its steps; leave the decisions out',
);

test.for<[what: string, status: RunStatus, request: Request, error: Error]>([
  [
    "a rollback of nothing",
    "succeeded",
    { asked: "rollback" },
    new InputError('There is no unfinished run of "demo" that could be rolled back'),
  ],
  ["unfit input", "succeeded", { given: {} }, UNFIT],
  ["unfit input for a fresh start", "interrupted", { asked: "fresh", given: {} }, UNFIT],
  [
    "unfit input where there is nothing to resume",
    "succeeded",
    { asked: "resume", given: {} },
    UNFIT,
  ],
  [
    "other input",
    "interrupted",
    { given: { size: 4 } },
    new UnfinishedRunError(
      "old",
      'Run old of "demo" was cut off, and it was started with other input; choose: resume it, start fresh and leave its effects as they are, or roll it back',
    ),
  ],
  ["a decision where no run is unfinished", "failed", { decided: ["charge"] }, UNDECIDABLE],
  [
    "a decision with a fresh start",
    "in doubt",
    { asked: "fresh", decided: ["charge"] },
    UNDECIDABLE,
  ],
  ...(["resume", undefined] as const).map((asked): [string, RunStatus, Request, Error] => [
    `a decision about no step in doubt, with ${asked ?? "no choice"},`,
    "in doubt",
    { asked, decided: ["charge"] },
    new InputError(
      'Run old has no step "charge", and nothing was done; no step of it is in doubt, so leave the decision out',
    ),
  ]),
  ...([5, "text", null, []] as const).map((given, index): [string, RunStatus, Request, Error] => [
    `input that is ${JSON.stringify(given)} where no schema says otherwise`,
    "succeeded",
    { given, options: {} },
    new InputError(
      `The input does not fit "demo": expected an object, received ${["5", '"text"', "null", "an array"][index]}`,
    ),
  ]),
])("%s is refused, and the journal is as before", async ([, status, request, error]) => {
  const world = await journalWith(status);

  const refused = await claimed(world, request);

  expect(refused).toEqual({ answer: error, runs: { old: status } });
  // Nothing is held: another process can claim at once.
  await expect(
    world.journal.claim(newRun("third", { size: 1 }), thisProcess()),
  ).resolves.toBeDefined();
});

test("a rollback never becomes a new run, even when the old one ends between the look and the claim", async () => {
  const { journal, clock } = await journalWith("interrupted");
  const racing: Journal = {
    ...memoryJournal({ clock }),
    findRuns: async () => [newRun("old", {})],
    claim: async (run, owner) => {
      const { hold } = await journal.claim(run, owner);
      await journal.writeRun(hold, { ...newRun("old", {}), status: "succeeded" });
      await journal.release(hold);
      return journal.claim(run, owner);
    },
    writeRun: (hold, run) => journal.writeRun(hold, run),
    release: (hold) => journal.release(hold),
  };

  const { answer } = await claimed({ journal: racing, clock }, { asked: "rollback" });

  expect(answer).toEqual(
    new InputError('There is no unfinished run of "demo" that could be rolled back'),
  );
  const runs = await journal.findRuns();
  expect(runs.map(({ id, status }) => [id, status])).toEqual([
    ["new", "abandoned"],
    ["old", "succeeded"],
  ]);
});

test("input that the changed code no longer takes leaves the run as it is, and free", async () => {
  const world = await journalWith("interrupted", { size: "once fit" });

  const refused = await claimed(world, { asked: "resume" });

  expect(refused).toEqual({ answer: UNFIT, runs: { old: "interrupted" } });
});
