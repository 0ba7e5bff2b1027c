/** What `holdfast rehearse` takes and writes, in real processes: one or two runs each. */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, start, type Place } from "./cli-process.ts";
import { COMPILED } from "./compiled.ts";

const LIMIT_MS = 60_000;

/** A file with an automation, and what it exports beside it. */
function automation(at: Place, body: string, rehearsal = "{}"): string {
  return at.file(
    "automation.ts",
    `import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { automation } from "holdfast/automation";
export const rehearsal = ${rehearsal};
export default automation("it", async (run) => { ${body} });
`,
  );
}

function rehearse(at: Place, words: readonly string[], env = {}) {
  // A place of its own, so that it shows what is left there.
  const tmp = join(at.root, "tmp");
  at.file("tmp/.keep", "");
  return holdfast(at, ["rehearse", ...words], { ...COMPILED, TMPDIR: tmp, ...env }, LIMIT_MS);
}

/** A process that has ended and that nobody asked about has a line in /proc yet. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const leftIn = (at: Place): string[] =>
  readdirSync(join(at.root, "tmp")).filter((name) => name.startsWith("holdfast-"));

const STEP = 'await run.step("a", () => 1);';

test.for<[what: string, body: string, rehearsal: string, exitCode: number, says: string]>([
  ["no step", "", "{}", 78, "Undisturbed, it took no step: there is nothing that could fail"],
  [
    "an undisturbed run that fails",
    'await run.step("a", () => { throw new Error("no such thing"); });',
    "{}",
    78,
    "the run must succeed, and it failed: no such thing\nGive it what it needs",
  ],
  [
    "an undisturbed run that dies",
    'await run.step("a", () => { console.log("last words"); process.exit(3); });',
    "{}",
    78,
    "its process died\nIt printed last:\nlast words",
  ],
  ["an input that does not fit", STEP, "{ input: 5 }", 78, "it could not begin: The input"],
  [
    "a setup that throws",
    STEP,
    '{ setup() { throw new Error("no world"); } }',
    78,
    "rehearsal.setup: no world",
  ],
  [
    "a setup that hangs",
    STEP,
    '{ timeout: "1s", setup: () => new Promise(() => setInterval(() => {}, 9)) }',
    78,
    "It did not end within 1 s; a longer time is rehearsal.timeout",
  ],
  [
    "a probe that throws",
    STEP,
    '{ probes: { rows() { throw new Error("no table"); } } }',
    78,
    "rehearsal.probe: rows failed: no table",
  ],
  ["a rehearsal that is none", STEP, "{ setupp: 1 }", 78, "rehearsal.setupp: unknown; known are"],
  [
    "a program that is nowhere",
    STEP,
    '{ commands: ["no-such-program"] }',
    2,
    "There is no no-such-program in PATH",
  ],
])("%s is told", { timeout: LIMIT_MS }, async ([, body, rehearsal, exitCode, says]) => {
  const at = place();

  const ended = await rehearse(at, [automation(at, body, rehearsal)]);

  expect(ended.stderr).toContain(says);
  expect({ exitCode: ended.exitCode, stdout: ended.stdout, left: leftIn(at) }).toEqual({
    exitCode,
    stdout: "",
    left: [],
  });
});

test.for<[words: string[], exitCode: number, says: string]>([
  [["--fault", "kill-aftr"], 2, 'there is no fault "kill-aftr"; did you mean kill-after?'],
  [["--fault", "zzz"], 2, 'there is no fault "zzz"; there are fatal, late-fatal'],
  [["--concurrency", "0"], 2, "expected a whole number from 1 to 999"],
  [["--only", "b"], 2, 'There is no step "b"; there are "a"'],
  [["--fault", "undo-fails-once"], 2, "None of the faults asked for fits any of the steps"],
  [["--fault", "fatal", "--junit", "no/such/place"], 78, "cannot be written: ENOENT"],
])("%o is told", { timeout: LIMIT_MS }, async ([words, exitCode, says]) => {
  const at = place();

  const ended = await rehearse(at, [automation(at, STEP), ...words]);

  expect(ended.stderr).toContain(says);
  expect({ exitCode: ended.exitCode, left: leftIn(at) }).toEqual({ exitCode, left: [] });
});

test("a file that is not there is told", { timeout: LIMIT_MS }, async () => {
  const { exitCode, stderr } = await rehearse(place(), ["missing.ts"]);

  expect(stderr).toContain("there is no such file");
  expect(exitCode).toBe(78);
});

const LEAVES = 'await run.step("a", () => writeFileSync("left.txt", "x"), { repeatable: true });';

test("reports are written, and --keep keeps what was left", { timeout: LIMIT_MS }, async () => {
  const at = place();
  const words = ["--fault", "late-fatal", "--junit", "r.xml", "--html", "r.html", "--keep"];

  const { exitCode, stdout } = await rehearse(at, [automation(at, LEAVES), ...words]);

  const kept = /kept: (.*) \(a: late-fatal\)/.exec(stdout)?.[1] ?? expect.unreachable(stdout);
  expect(readFileSync(join(kept, "work", "left.txt"), "utf8")).toBe("x");
  expect(readFileSync(join(at.root, "r.xml"), "utf8")).toContain('failures="1"');
  expect(readFileSync(join(at.root, "r.html"), "utf8")).toContain("Not passed");
  expect(exitCode).toBe(1);
});

test("without --keep nothing is left", { timeout: LIMIT_MS }, async () => {
  const at = place();

  const { exitCode } = await rehearse(at, [automation(at, LEAVES), "--fault", "late-fatal"]);

  expect({ exitCode, left: leftIn(at) }).toEqual({ exitCode: 1, left: [] });
});

const RUNS_CAT =
  'await run.step("a", () => { const { status } = spawnSync("cat", ["in"]); writeFileSync("out", "x"); if (status !== 0) throw new Error(`cat ended by ${status}`); }';
const MAKES_IN = '{ commands: ["cat"], setup: () => writeFileSync("in", "x") }';

test("programs fail in each way in the step that runs them", { timeout: LIMIT_MS }, async () => {
  const at = place();
  const faults = ["command-fails", "command-killed", "command-half"];
  const words = faults.flatMap((name) => ["--fault", name]);
  const body = `${RUNS_CAT}, { repeatable: true }); await run.step("b", () => 1);`;

  const { exitCode, stdout } = await rehearse(at, [
    automation(at, body, MAKES_IN),
    ...words,
    "--json",
  ]);

  const { runs } = JSON.parse(stdout) as { runs: { step: string; fault: string; ok: boolean }[] };
  expect(runs.map(({ step, fault, ok }) => ({ step, fault, ok }))).toEqual(
    faults.map((fault) => ({ step: "a", fault, ok: false })),
  );
  expect(exitCode).toBe(1);
});

test(
  "a program that hangs runs into the step's timeout, without the wait",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    const body = `
    await run.step("a", async ({ signal }) => {
      const { spawn } = await import("node:child_process");
      const { once } = await import("node:events");
      writeFileSync("out", "x");
      await once(spawn("cat", ["in"], { signal, stdio: "ignore" }), "close");
    }, { undo: () => rmSync("out", { force: true }), timeout: { attempt: "1h" } });`;

    const { exitCode, stdout } = await rehearse(at, [
      automation(at, body, MAKES_IN),
      "--fault",
      "command-hangs",
    ]);

    expect(stdout).toContain("1/1 rehearsed runs left nothing and ended complete");
    expect(exitCode).toBe(0);
  },
);

test(
  "a probe shows what no file does, and what setup puts into env is there",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    // A server in the process that sets the scene lives on when the run is killed.
    const rehearsal = `{
    async setup({ env }) {
      const { createServer } = await import("node:http");
      const server = createServer((_, response) => response.end(String(++globalThis.count)));
      globalThis.count = 0;
      await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
      env.COUNTER = \`http://127.0.0.1:\${server.address().port}\`;
    },
    probes: { count: () => globalThis.count },
    ignore: ["**/*.log"],
  }`;
    const body = `await run.step("a", async () => {
    writeFileSync("some.log", String(Math.random()));
    return (await fetch(process.env.COUNTER)).text();
  }, { repeatable: true });`;

    const { stdout } = await rehearse(at, [
      automation(at, body, rehearsal),
      "--fault",
      "kill-after",
      "--json",
    ]);

    const { mistakes } = JSON.parse(stdout) as { mistakes: { mistake: string; left: string[] }[] };
    expect(mistakes).toMatchObject([
      { mistake: "repeated-effect", left: ["probe count 2, not 1"] },
    ]);
  },
);

test(
  "production's variables and secrets do not come in, nor out",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    const body = `await run.step("a", () => {
    if (process.env.API_TOKEN !== "rehearsed-5f1c9b7d") throw new Error("another token");
    const { stdout } = spawnSync("env", { encoding: "utf8" });
    if (/HOLDFAST_JOURNAL|real-/.test(stdout)) throw new Error("the commands see production");
    writeFileSync(process.env.API_TOKEN, "");
  }, { repeatable: true });`;
    const file = automation(at, body, '{ env: { API_TOKEN: "rehearsed-5f1c9b7d" } }');

    const { exitCode, stdout } = await rehearse(at, [file, "--fault", "late-fatal", "--json"], {
      API_TOKEN: "real-77aa3e01",
      // Nobody answers there: a run that went there would not come to its end.
      HOLDFAST_JOURNAL: "postgres://real-user:real-word@127.0.0.1:1/real",
    });

    expect(exitCode).toBe(1);
    expect(stdout).toContain("./*** should not be there");
    expect(stdout).not.toMatch(/rehearsed-5f1c9b7d|real-77aa3e01/);
  },
);

test(
  "what is watched outside of the directory is rehearsed one at a time",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    const shared = at.file("shared", "0");
    const body = `await run.step("a", () => writeFileSync(${JSON.stringify(shared)}, "1"), {
    undo: () => writeFileSync(${JSON.stringify(shared)}, "0") });`;
    const rehearsal = `{ watch: [${JSON.stringify(shared)}], setup: () => writeFileSync(${JSON.stringify(shared)}, "0") }`;

    const { exitCode } = await rehearse(at, [
      automation(at, body, rehearsal),
      "--fault",
      "late-fatal",
      "--fault",
      "kill-after",
      "--fault",
      "abort-rollback",
      "--concurrency",
      "3",
    ]);

    expect(exitCode).toBe(0);
  },
);

test("a signal ends every process and takes the worlds away", { timeout: LIMIT_MS }, async () => {
  const at = place();
  const tmp = join(at.root, "tmp");
  at.file("tmp/.keep", "");
  const pids = at.file("pids", "");
  const body = `await run.step("a", async () => {
    appendFileSync(${JSON.stringify(pids)}, \`\${process.pid}\\n\`);
    if (existsSync(${JSON.stringify(join(at.root, "slow"))})) await new Promise((resolve) => setTimeout(resolve, 60_000));
  }, { repeatable: true });`;
  const running = start(
    at,
    ["rehearse", automation(at, body)],
    { ...COMPILED, TMPDIR: tmp },
    { limitMs: LIMIT_MS },
  );

  at.file("slow", "");
  await running.heard("Running undisturbed");
  while (readFileSync(pids, "utf8") === "") await new Promise((resolve) => setTimeout(resolve, 20));
  running.child.kill("SIGINT");
  const { exitCode } = await running.ended;

  const alive = readFileSync(pids, "utf8").trim().split("\n").filter(isAlive);
  expect({ exitCode, left: leftIn(at), alive }).toEqual({ exitCode: 130, left: [], alive: [] });
});

test(
  "a signal ends every run that is under way: its processes, what these started, its scene",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    at.file("tmp/.keep", "");
    const pids = at.file("pids", "");
    const scenes = at.file("scenes", "");
    const note = (file: string, words: string) =>
      `appendFileSync(${JSON.stringify(file)}, ${words} + "\\n");`;
    const body = `await run.step("a", async ({ signal }) => {
      if (!existsSync(${JSON.stringify(join(at.root, "slow"))})) return;
      const { spawn } = await import("node:child_process");
      const child = spawn("sleep", ["60"]);
      ${note(pids, "`${process.pid}\\n${child.pid}`")}
      await new Promise((resolve) => child.once("exit", resolve));
    }, { repeatable: true });`;
    // One of them takes its time.
    const rehearsal = `{
      setup: () => { ${note(scenes, '"set"')} },
      async teardown() {
        const { setTimeout } = await import("node:timers/promises");
        const { mkdirSync } = await import("node:fs");
        try { mkdirSync(${JSON.stringify(join(at.root, "first"))}); await setTimeout(500); } catch {}
        ${note(scenes, '"gone"')}
      },
    }`;
    const running = start(
      at,
      [
        "rehearse",
        automation(at, body, rehearsal),
        "--concurrency",
        "2",
        "--fault",
        "late-fatal",
      ].concat(["--fault", "lost-answer", "--fault", "kill-after"]),
      { ...COMPILED, TMPDIR: join(at.root, "tmp") },
      { limitMs: LIMIT_MS },
    );

    await running.heard("Rehearsing 3 runs");
    rmSync(join(at.root, "first"), { recursive: true });
    at.file("slow", "");
    while (readFileSync(pids, "utf8").trim().split("\n").length < 4)
      await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill("SIGINT");
    const { exitCode } = await running.ended;

    const alive = readFileSync(pids, "utf8").trim().split("\n").filter(isAlive);
    const told = readFileSync(scenes, "utf8").trim().split("\n");
    const open = told.filter((word) => word === "set").length * 2 - told.length;
    expect({ exitCode, left: leftIn(at), alive, open }).toEqual({
      exitCode: 130,
      left: [],
      alive: [],
      open: 0,
    });
  },
);

test("a file that does not come to its end while it loads is left at a signal", async () => {
  const at = place();
  at.file("tmp/.keep", "");
  const pid = join(at.root, "pid");
  const file = at.file(
    "automation.ts",
    `import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(pid)}, String(process.pid));
await new Promise((resolve) => setTimeout(resolve, 60_000));
`,
  );
  const env = { ...COMPILED, TMPDIR: join(at.root, "tmp") };
  const running = start(at, ["rehearse", file], env, { limitMs: LIMIT_MS });

  while (!existsSync(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  running.child.kill("SIGINT");
  const { exitCode } = await running.ended;

  expect({ exitCode, left: leftIn(at), isLeft: isAlive(readFileSync(pid, "utf8")) }).toEqual({
    exitCode: 130,
    left: [],
    isLeft: false,
  });
});

test(
  "what an automation does without, looks at by itself, or writes by the time is no mistake",
  { timeout: LIMIT_MS },
  async () => {
    const at = place();
    const undo = (name: string) => `undo: () => rmSync(${JSON.stringify(name)}, { force: true })`;
    const body = `
    await run.step("stamp", () => writeFileSync("stamp", new Date().toISOString().slice(0, 19)), {
      ${undo("stamp")}, repeatable: true });
    await run.step("look", () => { writeFileSync("there", ""); return { rows: 3 }; }, {
      ${undo("there")}, verify: () => existsSync("there") });
    try {
      await run.scope("train", async (scope) => {
        await scope.step("out", () => writeFileSync("out", ""), { ${undo("out")} });
        await scope.step("back", () => { throw new Error("no train back"); });
      });
    } catch {
      await run.step("car", () => writeFileSync("car", ""), { ${undo("car")} });
    }
    await run.task("extra", (task) => task.read("never", () => { throw new TypeError("no"); }), {
      mayFail: true });`;
    const only = ["stamp", "look", "train/out", "car", "extra/never"];
    const words = ["kill-before", "kill-after", "wrong-output"].flatMap((name) => [
      "--fault",
      name,
    ]);

    const { exitCode, stdout } = await rehearse(at, [
      automation(at, body),
      ...words,
      ...only.flatMap((label) => ["--only", label]),
    ]);

    expect(stdout).toMatch(/(\d+)\/\1 rehearsed runs left nothing/);
    expect(exitCode).toBe(0);
  },
);
