/**
 * Permissions as Node alone keeps them: on a machine without bubblewrap, for nothing is on the PATH.
 * Real processes, for the permission model is a matter of how Node was started.
 */

import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, holdfast, place, start, type Place } from "./cli-process.ts";
import { reach, reaching, untilThereAre } from "./permissions/reaching.ts";

function bare(at: Place): { readonly PATH: string } {
  const PATH = join(at.root, "no programs");
  mkdirSync(PATH, { recursive: true });
  return { PATH };
}

test.for([
  ["read", 'add permissions.read: "/etc/hostname"'],
  ["write", 'add permissions.write: "PLACE/outside"'],
  ["env", 'add permissions.env: "UNDECLARED"'],
  ["connect", 'add permissions.net: "127.0.0.1:9"'],
  ["listen", 'add permissions.net: "*:8089"'],
  ["fetch", 'add permissions.net: "127.0.0.1:8099"'],
  ["run", 'add permissions.run: "uname"'],
  ["sqlite", 'add permissions.write: "PLACE/outside.db"'],
  ["sqlite unseen", 'add permissions.write: "PLACE/outside.db"'],
] as const)(
  "to %s what was not declared ends with 77, and says what to add",
  async ([what, advice]) => {
    const at = place();
    const file = reaching(at);

    const { exitCode, stdout, stderr } = await reach(at, file, what, { env: bare(at) });

    expect([exitCode, existsSync(join(at.root, "outside"))]).toEqual([77, false]);
    expect(stdout).toContain(advice.replace("PLACE", at.root));
    expect(stderr).toContain("bubblewrap is not installed");
  },
);

test("what was declared is done, and the journal knows of it", async () => {
  const at = place();
  const file = reaching(at, { read: ["/etc/hostname"], env: ["UNDECLARED"] });

  const env = await reach(at, file, "env", { env: bare(at) });
  const read = await reach(at, file, "read", { env: bare(at) });
  const runs = await holdfast(at, ["runs", "--json"]);

  expect([env.exitCode, read.exitCode, env.stderr.includes("reached: set outside")]).toEqual([
    0,
    0,
    true,
  ]);
  const { runs: listed } = JSON.parse(runs.stdout) as { runs: { status: string }[] };
  expect(listed.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
});

test("a sandbox that is required and cannot be had starts nothing", async () => {
  const at = place();
  const flags = ["--require-sandbox"];

  const ended = await reach(at, reaching(at), "nothing", { env: bare(at), flags });
  const open = await holdfast(at, ["run", fixture("two-steps.ts"), ...flags]);

  expect([ended.exitCode, ended.stderr, existsSync(join(at.root, "out/made"))]).toEqual([
    77,
    "holdfast: A sandbox is required, and there is none: bubblewrap is not installed (bwrap is not on the PATH)\n",
    false,
  ]);
  expect([open.exitCode, open.stderr]).toEqual([
    77,
    expect.stringContaining("declares no permissions"),
  ]);
});

test("what the file does as it is loaded is kept too, before it has declared anything", async () => {
  const at = place();
  const file = at.file(
    "project/early.ts",
    `import { readFileSync } from "node:fs";
     import { automation } from "holdfast/automation";
     readFileSync("/etc/hostname");
     export default automation("early", { permissions: {} }, () => undefined);`,
  );

  for (const command of ["run", "schedule"]) {
    const { exitCode, stderr } = await holdfast(at, [command, file], bare(at));

    expect([exitCode, stderr]).toEqual([
      77,
      expect.stringContaining('add permissions.read: "/etc/hostname"'),
    ]);
  }
});

test("its schedules are read as any other's", async () => {
  const at = place();
  const schedule = '{ cron: "0 3 * * *", timezone: "Europe/Berlin", jitter: "1m", name: "night" }';
  const text = (more: string) =>
    `import { automation } from "holdfast/automation";
     export default automation("timed", { schedule: ${schedule}${more} }, () => undefined);`;
  const file = at.file("project/timed.ts", text(", permissions: {}"));
  const kept = await holdfast(at, ["schedule", file, "--json"], bare(at));
  at.file("project/timed.ts", text(""));

  const free = await holdfast(at, ["schedule", file, "--json"], bare(at));

  expect(kept.stdout).toContain('"night"');
  expect([kept.exitCode, withoutMoments(kept.stdout)]).toEqual([0, withoutMoments(free.stdout)]);
});

/** A day may begin between two looks. */
function withoutMoments(json: string): unknown {
  return JSON.parse(json, (name, value: unknown) => (name === "nextAtMs" ? [] : value));
}

test("an error that nobody caught and an end of its own are told, and the next start goes on", async () => {
  const at = place();
  const file = reaching(at);

  const crash = await reach(at, file, "crash", { env: bare(at) });
  const timer = await reach(at, file, "timer", { env: bare(at) });
  const runs = await holdfast(at, ["runs", "--json"]);

  expect([crash.exitCode, timer.exitCode]).toEqual([7, 77]);
  expect(crash.stderr).toContain("The automation's process ended by itself, with 7");
  expect(timer.stderr).toContain('add permissions.read: "/etc/hostname"');
  expect(runs.stdout).toContain('"status": "running"');
});

/** Programs without bubblewrap. */
function programs(at: Place, names: readonly string[]): { readonly PATH: string } {
  const { PATH } = bare(at);
  for (const name of names) symlinkSync(join("/usr/bin", name), join(PATH, name));
  return { PATH };
}

test("commands by $ run, and what sees to their ends needs no permission", async () => {
  const at = place();
  // What lies in /usr may be looked at: so there is a perl.
  const file = reaching(at, { run: ["uname", "sleep"], read: ["/usr"] });
  const env = programs(at, ["uname", "sleep", "ps"]);

  const ran = await reach(at, file, "dollar", { env });
  const supervised = await reach(at, file, "dollar supervised", { env });
  const late = await reach(at, file, "dollar in time", { env });

  for (const { exitCode, stderr } of [ran, supervised])
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("reached: Linux")]);
  expect(late.stdout).toContain("TIMED_OUT");
});

test("a command by $ that was not declared is refused once, by its name", async () => {
  const at = place();

  const { exitCode, stdout, stderr } = await reach(at, reaching(at, { run: ["sleep"] }), "dollar", {
    env: programs(at, ["uname", "ps"]),
  });

  expect([exitCode, stdout]).toEqual([77, expect.stringContaining('add permissions.run: "uname"')]);
  expect(stderr).toContain('Step "reach" failed after 1 attempt');
});

test("programs of its steps do not outlive holdfast, even when that is killed", async () => {
  const at = place();
  const words = ["run", reaching(at, { run: ["sleep"] }), "--input", '{"what":"sleeper"}'];
  const running = start(at, words, programs(at, ["sleep"]));
  await running.heard('Step "reach" started');

  await untilThereAre(at, (names) => names.includes("sleep"));

  running.child.kill("SIGKILL");
  const { exitCode } = await running.ended;
  await untilThereAre(at, (names) => names.length === 0);

  expect(exitCode).toBe(137);
});

test("a signal stops it as any run, and the next start goes on with it", async () => {
  const at = place();
  const file = reaching(at);
  const words = ["run", file, "--input", '{"what":"wait"}'];

  const running = start(at, words, bare(at));
  await running.heard('Step "reach" started');
  running.child.kill("SIGTERM");
  const { exitCode, stdout } = await running.ended;

  expect([exitCode, stdout]).toEqual([143, expect.stringContaining("stopped by SIGTERM")]);
});

test("a dry run writes nothing, and is kept to the permissions", async () => {
  const at = place();

  const flags = ["--dry-run"];
  const { exitCode, stdout } = await holdfast(
    at,
    ["run", reaching(at), "--input", '{"what":"write"}', ...flags],
    bare(at),
  );

  expect([exitCode, stdout, existsSync(join(at.root, "out/made"))]).toEqual([
    0,
    "Dry run of reaches: nothing was done\n  would do     allowed\n  would do     reach\n",
    false,
  ]);
});

test("a program that was not named does not take the place of the process", async () => {
  const at = place();

  const { exitCode, stdout } = await reach(at, reaching(at, { run: ["sh"] }), "replace", {
    env: bare(at),
  });

  expect([exitCode, stdout]).toEqual([77, expect.stringContaining('add permissions.run: "true"')]);
});

test("nobody has the process that started it open its debugger", async () => {
  const at = place();

  const { exitCode, stderr } = await reach(at, reaching(at), "debugger", { env: bare(at) });

  expect([exitCode, stderr.includes("Debugger listening")]).toEqual([0, false]);
});
