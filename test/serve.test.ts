/** `holdfast serve` in real processes: schedules of fractions of a second, bounded by counts. */

import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { sqliteJournal } from "holdfast/journal";
import { holdfast, place, start, type Place, type Running } from "./cli-process.ts";

const TICKING = join(import.meta.dirname, "fixtures/serve/ticking.ts");

/** What the automation is told of by its environment. */
function setting(at: Place, schedule: object) {
  return { LEDGER: at.ledger, GATE: gateOf(at), SCHEDULE: JSON.stringify(schedule) };
}

function gateOf(at: Place): string {
  return join(at.root, "gate");
}

/** While it is closed, runs wait in their step. */
function gate(at: Place) {
  return { close: () => writeFileSync(gateOf(at), ""), open: () => rmSync(gateOf(at)) };
}

/** Resolves when the ledger has at least so many lines that begin with `word`. */
async function ledgerHas(at: Place, word: string, count: number): Promise<string[][]> {
  for (;;) {
    const lines = at.did().filter((line) => line.startsWith(`${word} `));
    if (lines.length >= count) return lines.map((line) => line.split(" "));
    await sleep(20);
  }
}

async function runsOf(at: Place) {
  const journal = sqliteJournal(join(at.home, "holdfast.db"));
  try {
    return await journal.findRuns({ limit: 1_000 });
  } finally {
    await journal.close();
  }
}

/** Ends a server in peace. */
async function stop(server: Running): Promise<number> {
  server.child.kill("SIGTERM");
  return (await server.ended).exitCode;
}

test("two servers make one run of each tick, and none is lost", async () => {
  const at = place();
  const env = setting(at, { every: "400ms", catchUp: "all" });
  const servers = [start(at, ["serve", TICKING], env), start(at, ["serve", TICKING], env)];

  await ledgerHas(at, "end", 5);
  const exitCodes = await Promise.all(servers.map(stop));

  const said = (await Promise.all(servers.map(({ ended }) => ended))).map(({ stderr }) => stderr);
  // On a slow machine a run may still go on when the next tick comes, which is told.
  const skipped = [...said.join("").matchAll(/Tick (\S+) of "ticking" was skipped/g)].map(
    ([, tick = ""]) => Date.parse(tick),
  );
  const runs = await runsOf(at);
  const ran = runs.map(({ scheduledForMs = 0 }) => scheduledForMs);
  const ticks = [...ran, ...skipped].toSorted((one, other) => one - other);
  const [first = 0] = ticks;
  expect(exitCodes).toEqual([0, 0]);
  expect(ticks).toEqual(ticks.map((_, index) => first + index * 400));
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
  const started = at.did().filter((line) => line.startsWith("start"));
  expect(started.length).toBe(runs.length);
}, 60_000);

test("a server that is killed leaves no run behind, and the next one goes on with it", async () => {
  const at = place();
  const { close, open } = gate(at);
  close();
  const env = setting(at, { every: "1h" });
  const soon = setting(at, { every: "300ms" });
  const first = start(at, ["serve", TICKING], soon);
  const [[, runId = "", pid = ""] = []] = await ledgerHas(at, "start", 1);

  first.child.kill("SIGKILL");
  await first.ended;
  await isGone(Number(pid));
  const [cutOff] = await runsOf(at);
  open();
  const second = start(at, ["serve", TICKING], env);
  await ledgerHas(at, "end", 1);
  await second.heard("ended with 0");
  const exitCode = await stop(second);

  const [run] = await runsOf(at);
  expect([cutOff?.id, cutOff?.status]).toEqual([runId, "interrupted"]);
  expect([run?.id, run?.status, run?.resumes, exitCode]).toEqual([runId, "succeeded", 1, 0]);
}, 60_000);

async function isGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}/stat`)) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "";
    // Nobody has asked yet how it ended.
    if (stat.startsWith("Z")) return;
    await sleep(20);
  }
}

test("a stopped server waits for its run; a second signal interrupts it, and the next start resumes it", async () => {
  const at = place();
  const { close, open } = gate(at);
  close();
  const env = setting(at, { every: "300ms" });
  const first = start(at, ["serve", TICKING], env);
  await ledgerHas(at, "start", 1);
  first.child.kill("SIGTERM");
  await first.heard("Stopping on SIGTERM");
  open();
  const drained = await first.ended;

  close();
  const second = start(at, ["serve", TICKING], env);
  await ledgerHas(at, "start", 2);
  second.child.kill("SIGTERM");
  await second.heard("Stopping on SIGTERM");
  // What comes within half a second is the same signal.
  await sleep(600);
  second.child.kill("SIGTERM");
  const interrupted = await second.ended;
  open();
  const once = await holdfast(at, ["serve", TICKING, "--once"], setting(at, { every: "1h" }));

  const runs = await runsOf(at);
  expect([drained.exitCode, interrupted.exitCode, once.exitCode]).toEqual([0, 143, 0]);
  expect(runs.map(({ status, resumes }) => [status, resumes])).toEqual([
    ["succeeded", 1],
    ["succeeded", 0],
  ]);
}, 60_000);

test("a run that is not done when the time to drain is over is interrupted", async () => {
  const at = place();
  gate(at).close();
  const server = start(at, ["serve", TICKING, "--drain", "1ms"], setting(at, { every: "300ms" }));
  await ledgerHas(at, "start", 1);

  const exitCode = await stop(server);

  const [run] = await runsOf(at);
  expect([exitCode, run?.status]).toEqual([143, "interrupted"]);
}, 60_000);

test("ticks that came while nobody served are told, and caught up", async () => {
  const at = place();
  const env = setting(at, { every: "500ms", catchUp: "last" });
  const first = start(at, ["serve", TICKING], env);
  await ledgerHas(at, "end", 1);
  await stop(first);
  // More than two ticks go by.
  await sleep(1_600);

  const second = await holdfast(at, ["serve", TICKING, "--once"], env);

  expect(second.exitCode).toBe(0);
  expect(second.stderr).toMatch(/Automation "ticking" missed \d+ ticks of "every 500 ms"/);
  expect((await runsOf(at)).length).toBeGreaterThanOrEqual(2);
}, 60_000);

test("a file that breaks while it is served keeps its schedule, and one that is mended is taken up", async () => {
  const at = place();
  const automation = (every: string) => `
    import { appendFileSync } from "node:fs";
    import { automation } from "holdfast/automation";
    const schedule = { every: "${every}" };
    export default automation("own", { schedule }, (run) => {
      appendFileSync(${JSON.stringify(at.ledger)}, "end " + run.id + "\\n");
    });`;
  const file = at.file("own.ts", automation("1h"));
  const server = start(at, ["serve", file]);
  await server.heard('Serving "own": every 1 h');

  at.file("own.ts", "this is no automation");
  server.child.kill("SIGHUP");
  await server.heard("The former schedules stay");
  at.file("own.ts", automation("200ms"));
  server.child.kill("SIGHUP");
  await server.heard('Serving "own": every 200 ms');
  await ledgerHas(at, "end", 1);

  const listed = await listedAs(at, "every 200 ms");
  const exitCode = await stop(server);
  const after = await holdfast(at, ["schedule"]);
  const { automations, servers } = JSON.parse(listed.stdout) as {
    automations: { schedules: { name: string }[] }[];
    servers: { pid: number; isAlive: boolean }[];
  };
  expect(automations.map(({ schedules }) => schedules.map(({ name }) => name))).toEqual([
    ["every 200 ms"],
  ]);
  expect(servers).toMatchObject([{ pid: server.child.pid, isAlive: true }]);
  expect([exitCode, after.exitCode, after.stderr]).toEqual([
    0,
    1,
    "Nothing is being served; holdfast serve FILE... does that.\n",
  ]);
}, 60_000);

test("files are listed whether they are served or not", async () => {
  const at = place();
  const env = setting(at, { every: "5m", within: null, timeout: "2h" });

  const refused = await holdfast(at, ["schedule", TICKING], env);
  const listed = await holdfast(at, ["schedule", TICKING, "--json"], setting(at, { every: "5m" }));

  expect(refused).toMatchObject({ exitCode: 78, stdout: "" });
  expect(listed.exitCode).toBe(0);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    automations: [
      {
        automation: "ticking",
        file: TICKING,
        lastRun: null,
        schedules: [{ name: "every 5 m", everyMs: 300_000, withinMs: 3_600_000, missed: 0 }],
      },
    ],
    servers: [],
  });
});

test("a run that is replaced takes itself back before the newer tick's run begins", async () => {
  const at = place();
  gate(at).close();
  const server = start(at, ["serve", TICKING], setting(at, { every: "3s", overlap: "replace" }));
  const [[, first = ""] = []] = await ledgerHas(at, "start", 1);
  await ledgerHas(at, "start", 2);
  gate(at).open();

  const exitCode = await stop(server);

  const lines = at.did().map((line) => line.split(" ").slice(0, 2).join(" "));
  const undone = lines.indexOf(`undo ${first}`);
  expect(undone).toBeGreaterThan(0);
  expect(lines.findLastIndex((line) => line.startsWith("start"))).toBeGreaterThan(undone);
  const runs = await runsOf(at);
  expect([exitCode, runs.at(-1)?.id, runs.at(-1)?.status]).toEqual([0, first, "cancelled"]);
}, 60_000);

/** What is listed once the server has told the others of its new schedules. */
async function listedAs(at: Place, name: string) {
  for (;;) {
    const listed = await holdfast(at, ["schedule", "--json"]);
    if (listed.stdout.includes(name)) return listed;
  }
}

test.for<[schedule: object, message: string]>([
  [{ cron: "0 12 30 2 *" }, 'schedule "0 12 30 2 *".cron: never comes true: "0 12 30 2 *"'],
  [{ cron: "61 * * * *" }, 'schedule "61 * * * *".cron: Invalid value for minute: 61'],
  [{ cron: "* * * * * *" }, "there are no seconds: for those take every"],
  [{ cron: "* * * * *", timezone: "Mars/Olympus" }, "expected a time zone"],
])("a bad schedule is refused at once: %o", async ([schedule, message]) => {
  const at = place();

  const served = await holdfast(at, ["serve", TICKING], setting(at, schedule));

  expect(served).toMatchObject({ exitCode: 78, stdout: "" });
  expect(served.stderr).toContain(message);
});

test("a file that waits for what never comes is refused, and does not outlive its server", async () => {
  const at = place();
  const written = (name: string, first: string) =>
    at.file(
      name,
      `import { automation } from "holdfast/automation";
      import { appendFileSync } from "node:fs";
      ${first}
      await new Promise(() => {});
      export default automation("never", { schedule: { every: "1h" } }, () => {});`,
    );
  const idle = written("idle.ts", "");
  const busy = written(
    "busy.ts",
    `setInterval(() => {}, 1_000);
    appendFileSync(process.env.LEDGER, \`loaded - \${process.pid}\\n\`);`,
  );
  const env = setting(at, { every: "1h" });

  const refused = await holdfast(at, ["serve", idle], env);
  const server = start(at, ["serve", busy], env);
  const [[, , pid] = []] = await ledgerHas(at, "loaded", 1);
  server.child.kill("SIGKILL");
  await isGone(Number(pid));

  expect(refused.exitCode).toBe(78);
  expect(refused.stderr).toContain("waits for something that never comes");
}, 60_000);

test("a run whose file hangs as it is loaded does not outlive its server", async () => {
  const at = place();
  const { close } = gate(at);
  const file = at.file(
    "hanging.ts",
    `import { automation } from "holdfast/automation";
    import { appendFileSync, existsSync } from "node:fs";
    if (existsSync(process.env.GATE)) {
      setInterval(() => {}, 1_000);
      appendFileSync(process.env.LEDGER, \`loaded - \${process.pid}\\n\`);
      await new Promise(() => {});
    }
    export default automation("hanging", { schedule: { every: "300ms" } }, () => {});`,
  );

  const server = start(at, ["serve", file], setting(at, {}));
  await server.heard("ended with 0");
  close();
  const [[, , pid] = []] = await ledgerHas(at, "loaded", 1);
  server.child.kill("SIGKILL");
  await isGone(Number(pid));

  expect((await runsOf(at)).every(({ status }) => status === "succeeded")).toBe(true);
}, 60_000);

test("a server that has no descriptor left starts no process, and lives on", async () => {
  const at = place();
  const script = at.file(
    "full.mjs",
    `import { openSync } from "node:fs";
    import { startServed } from ${JSON.stringify(join(import.meta.dirname, "../src/cli/serve/serve-child.ts"))};
    try { for (;;) openSync("/dev/null"); } catch {}
    const clock = { sleep: async () => undefined };
    const lines = { stdout() {}, stderr: (line) => process.stdout.write(line + "; ") };
    const { env } = process;
    const child = startServed({ ask: "schedules", file: "a" }, { env, cwd: "/", clock }, lines);
    process.stdout.write(JSON.stringify([await child.ended, await child.answer]));`,
  );

  const { stdout } = await promisify(execFile)("/bin/sh", [
    "-c",
    'ulimit -n 100; exec "$0" "$1"',
    process.execPath,
    script,
  ]);

  expect(stdout).toMatch(/^holdfast: no process could be started: spawn .* EMFILE; \[75,""\]$/);
});

test("a run that dies or hangs takes nobody with it", async () => {
  const at = place();
  const file = at.file(
    "dying.ts",
    `import { automation } from "holdfast/automation";
    export default automation("dying", { schedule: { every: "300ms" } }, () => process.abort());`,
  );
  const env = setting(at, { every: "300ms" });
  const server = start(at, ["serve", file, TICKING], env);

  await ledgerHas(at, "end", 3);
  const exitCode = await stop(server);

  const { stderr } = await server.ended;
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/of "dying" ended with 134/);
}, 60_000);

test("running an automation by hand loads nothing that only serving needs", async () => {
  const at = place();
  const guard = at.file(
    "guard.mjs",
    `import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      if (name === "croner") throw new Error("croner was loaded");
      return next(name, context);
    } });`,
  );
  const env = { ...setting(at, { cron: "0 3 * * *" }), NODE_OPTIONS: `--import "${guard}"` };

  const run = await holdfast(at, ["run", TICKING], env);
  const served = await holdfast(at, ["schedule", TICKING], env);

  expect([run.exitCode, served.exitCode]).toEqual([0, 70]);
});
