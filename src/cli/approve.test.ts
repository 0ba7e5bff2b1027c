import { expect, test } from "vitest";
import { automation, execute, type Run } from "../automation/index.ts";
import type { Journal } from "../core/journal.ts";
import { memoryJournal } from "../journal/memory.ts";
import { approve } from "./approve.ts";
import type { Command } from "./command.ts";
import { runs } from "./runs.ts";
import { show } from "./show.ts";
import { signal } from "./signal.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

/** A run that waits, in a process that is alive, until `look` has looked. */
async function whileWaiting<Seen>(
  main: (run: Run) => unknown,
  look: (journal: Journal) => Promise<Seen>,
) {
  const { clock } = fakeWorld();
  const journal = memoryJournal({ clock, isGone: () => false });
  const stop = new AbortController();
  const said: string[] = [];
  const program = automation("release", async (run) => {
    said.push(JSON.stringify(await main(run)));
  });
  let seen: Seen | undefined;
  clock.after(5_500, () => {
    void look(journal).then((answer) => {
      seen = answer;
      clock.after(2_000, () => stop.abort(new Error("stop")));
    });
  });
  const options = { journal, clock, signal: stop.signal, random: () => 0.5, env: {} };
  const { status, error } = await clock.settle(() => execute(program, options));
  return { seen, said, status, error };
}

const call = (command: Command, words: readonly string[]) => (journal: Journal) =>
  runCommand(command, words, fakeWorld({ journal }));

const asking = (run: Run) => run.approval("go live", { question: "Deploy 1.2?" });

const both = (run: Run) =>
  Promise.all([
    run.approval("one"),
    run.task("deploy", (task) => task.approval("two")),
    run.waitForSignal("rows"),
  ]);

const RUN = "01kdvdna00gggggggggggggggg";

test("the only approval that is waited for needs no name", async () => {
  const { seen, said } = await whileWaiting(asking, call(approve, ["last", "--comment", "fine"]));

  expect(seen).toEqual({ exitCode: 0, stdout: `approved go live of run ${RUN}\n`, stderr: "" });
  expect(JSON.parse(said[0] ?? "")).toMatchObject({ approved: true, comment: "fine" });
});

test("an approval that the run does not wait for yet, or whose name is wrong, is told", async () => {
  const { seen } = await whileWaiting(asking, call(approve, ["last", "go-live"]));

  expect(seen?.stdout).toBe(`approved go-live of run ${RUN}, which does not wait for it yet\n`);
});

test("a rejection fails the run", async () => {
  const { seen, error } = await whileWaiting(asking, call(approve, [RUN, "go live", "--reject"]));

  expect(seen?.stdout).toBe(`rejected go live of run ${RUN}\n`);
  expect(String(error)).toContain('Approval "go live" was rejected by ');
});

test("with several, they are listed", async () => {
  const { seen } = await whileWaiting(both, call(approve, ["last"]));

  expect(seen).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `holdfast approve: run ${RUN} waits for several approvals; say which:
  holdfast approve ${RUN} one
  holdfast approve ${RUN} deploy/two
`,
  });
});

test("the approval of a child is answered by way of its parent", async () => {
  const child = automation("inner", (run) => run.approval("deep"));
  const { seen, said } = await whileWaiting(
    async (run) => (await run.child("c", child)).ok,
    call(approve, ["last"]),
  );

  expect(seen?.stdout).toMatch(/^approved deep of run 01kdvdna00[0-9a-z]{16}\n$/);
  expect(said).toEqual(["true"]);
});

test.for<[where: string, main: (run: Run) => unknown]>([
  [
    "task",
    (run) =>
      run.task("deploy", (task) =>
        task.parallel([() => task.approval("late"), () => Promise.reject(new Error("failed"))]),
      ),
  ],
  [
    "scope",
    (run) =>
      run
        .scope("part", (part) =>
          part.parallel([() => part.approval("late"), () => Promise.reject(new Error("failed"))]),
        )
        .catch(() => undefined),
  ],
])("a %s that failed waits for nothing any more", async ([, failing]) => {
  const { seen } = await whileWaiting(
    async (run) => {
      await failing(run);
      await run.approval("go live");
    },
    call(approve, ["last"]),
  );

  expect(seen).toEqual({ exitCode: 0, stdout: `approved go live of run ${RUN}\n`, stderr: "" });
});

test("the approval of an item of a map is found too", async () => {
  const { seen } = await whileWaiting(
    (run) => run.map("hosts", ["a"], (_, task) => task.approval("ok"), { key: (host) => host }),
    call(approve, ["last"]),
  );

  expect(seen?.stdout).toBe(`approved hosts[a]/ok of run ${RUN}\n`);
});

test.for<[what: string, command: Command, words: string[], complaint: string]>([
  ["a run that waits for none", approve, ["last"], `run ${RUN} waits for no approval`],
  ["a run that is not there", approve, ["r9"], 'there is no run "r9"'],
  ["a second answer", signal, [RUN, "early"], 'was sent "early" before'],
])("complains of %s", async ([, command, words, complaint]) => {
  const { seen } = await whileWaiting(
    (run) => run.waitForSignal("rows"),
    async (journal) => {
      await call(signal, [RUN, "early"])(journal);
      return call(command, words)(journal);
    },
  );

  expect([seen?.exitCode, seen?.stdout]).toEqual([1, ""]);
  expect(seen?.stderr).toContain(complaint);
});

test.for<[words: string[], value: string]>([
  [["last", "rows", '{"count":3}'], '{"count":3}'],
  [["last", "rows"], "undefined"],
])("a signal is sent by %j", async ([words, value]) => {
  const { seen, said } = await whileWaiting(
    (run) => run.waitForSignal("rows").then((sent) => sent ?? "undefined"),
    call(signal, words),
  );

  expect(seen?.stdout).toBe(`sent rows to run ${RUN}\n`);
  expect(said).toEqual([value === "undefined" ? '"undefined"' : value]);
});

test("a value that is not JSON, or a secret, is refused", async () => {
  const world = fakeWorld({ env: { DB_PASSWORD: "hunter2hunter2" } });

  await expect(async () => runCommand(signal, ["r1", "a", "{"], world)).rejects.toThrow(
    "is not JSON",
  );
  const { seen } = await whileWaiting(
    (run) => run.waitForSignal("rows"),
    (journal) =>
      runCommand(
        signal,
        ["last", "rows", '"hunter2hunter2"'],
        fakeWorld({ journal, env: { DB_PASSWORD: "hunter2hunter2" } }),
      ),
  );
  expect([seen?.exitCode, seen?.stderr]).toEqual([2, expect.stringContaining("like a secret")]);
});

test("runs and show say what is waited for, and how to answer", async () => {
  const { seen } = await whileWaiting(asking, async (journal) => {
    const shown = await call(show, ["last"])(journal);
    const listed = await call(runs, [])(journal);
    const json = await call(runs, ["--json"])(journal);
    return { shown: shown.stdout, listed: listed.stdout, json: JSON.parse(json.stdout) as unknown };
  });

  expect(seen?.listed).toContain("waits for approval");
  expect(seen?.shown).toMatch(/waits for approval of go live since .*: Deploy 1\.2\?/);
  expect(seen?.shown).toContain(`    holdfast approve ${RUN} 'go live'\n`);
  expect(seen?.shown).toMatch(/· signal go live: waits until /);
  expect(seen?.json).toMatchObject({
    runs: [{ waits: [{ name: "go live", waitsFor: "approval", question: "Deploy 1.2?" }] }],
  });
});

test("show tells of a map in a line, of its failed items, and of children", async () => {
  const hosts = Array.from({ length: 25 }, (_, index) => `h${index}`);
  const inner = automation("inner", (run) => run.step("one", () => 1));
  const { seen } = await whileWaiting(
    async (run) => {
      await run.child("c", inner);
      const fail = (host: string) => {
        if (host !== "h3") throw Object.assign(new Error("refused"), { code: "EACCES" });
      };
      await run.map("ended", hosts, fail, { key: (host) => host });
      await run.map("open", ["a", "b"], async (host, task) => {
        if (host === "b") await task.sleep("nap", "1h");
        else fail(host);
      });
    },
    async (journal) => {
      const shown = await call(show, ["last"])(journal);
      const json = await call(show, ["last", "--json"])(journal);
      const [child] = await journal.findRuns({ parentId: RUN });
      const ofChild = await call(show, [child?.id ?? ""])(journal);
      return {
        shown: shown.stdout,
        json: JSON.parse(json.stdout) as unknown,
        ofChild: ofChild.stdout,
      };
    },
  );

  expect(seen?.shown).toContain("map ended: completed, 1/25 items succeeded, 24 failed\n");
  expect(seen?.shown.match(/✗ ended\[h\d+\]: EACCES \(fatal\): refused; nothing/g)).toHaveLength(
    20,
  );
  expect(seen?.shown).toContain("  … and 4 more\n");
  expect(seen?.shown).toContain("map open: begun, 0/2 items succeeded, 1 failed, 1 not ended\n");
  expect(seen?.shown).toContain("✗ open[0]: EACCES (fatal): refused; nothing to roll back");
  expect(seen?.shown).toContain("  child inner, run 01kdvdna00");
  expect(seen?.ofChild).toContain(`  child of run ${RUN}\n`);
  expect(seen?.json).toMatchObject({
    maps: [
      { name: "ended", succeeded: 1, failed: 24, open: 0 },
      { name: "open", succeeded: 0, failed: 1, open: 1 },
    ],
    children: [{ automation: "inner" }],
  });
});
