/** What bubblewrap closes, on real files and programs: the ways around Node's permission model. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findMachine } from "../../src/process/machine.ts";
import { wrapCommand } from "../../src/process/sandbox.ts";
import type { Permissions } from "../../src/core/permissions.ts";
import { holdfast, place, start } from "../cli-process.ts";
import { reach, reaching, untilThereAre } from "../permissions/reaching.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-sandbox-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("an automation inside bubblewrap", () => {
  test.for([
    ["attach", "outside.db"],
    ["link", "out/way/outside"],
    ["program", "outside"],
  ] as const)("does not get out by %s, and is told of it with 77", async ([what, name]) => {
    const at = place();
    const file = reaching(at, { run: ["sh"] });

    const { exitCode, stdout, stderr } = await reach(at, file, what, {
      flags: ["--require-sandbox"],
    });

    expect([exitCode, stdout]).toEqual([
      77,
      expect.stringContaining(`add permissions.write: "${join(at.root, name)}"`),
    ]);
    expect(stderr).toContain("Permissions are kept by the kernel (bubblewrap) and by Node");
    expect(["outside", "outside.db"].map((name) => existsSync(join(at.root, name)))).toEqual([
      false,
      false,
    ]);
  });

  test.for([
    ["read", "permissions.read"],
    ["write", "permissions.write"],
    ["env", "permissions.env"],
    ["connect", "permissions.net"],
    ["listen", "permissions.net"],
    ["run", "permissions.run"],
    ["sqlite", "permissions.write"],
  ] as const)("is told with 77 that it may not %s: %s", async ([what, permission]) => {
    const at = place();

    const { exitCode, stdout } = await reach(at, reaching(at), what);

    expect([exitCode, stdout]).toEqual([77, expect.stringContaining(`add ${permission}: `)]);
  });

  test("is told what a program lacks that it may run: a file that is not there to be read", async () => {
    const at = place();

    const { exitCode, stdout } = await reach(at, reaching(at, { run: ["sh"] }), "program reads");

    expect([exitCode, stdout]).toEqual([
      77,
      expect.stringContaining('add permissions.read: "/etc/shadow"'),
    ]);
  });

  test("runs the program that it named, and that runs no other", async () => {
    const at = place();
    const file = reaching(at, { run: ["sh"] });

    const other = await reach(at, file, "other program");
    const settings = await reach(at, file, "kernel settings");

    expect([
      other.exitCode === 0,
      other.stderr.includes("uname: not found"),
      settings.exitCode,
    ]).toEqual([false, true, 0]);
  });

  test("runs commands by $, ends them in time, and has a temporary directory", async () => {
    const at = place();
    const file = reaching(at, { run: ["uname", "sleep"] });

    const ran = await reach(at, file, "dollar");
    const late = await reach(at, file, "dollar in time");
    const temporary = await reach(at, file, "temporary");

    expect([ran.exitCode, ran.stderr.includes("reached: Linux")]).toEqual([0, true]);
    expect(late.stdout).toContain("TIMED_OUT");
    expect([temporary.exitCode, temporary.stderr.includes("reached: /dev/shm/")]).toEqual([
      0,
      true,
    ]);
  });

  test("ends with the process that started it, even when that is killed", async () => {
    const at = place();
    const words = ["run", reaching(at), "--input", '{"what":"wait"}'];
    const running = start(at, words);
    await running.heard("reaching");

    running.child.kill("SIGKILL");
    const { exitCode } = await running.ended;
    await untilThereAre(at, (names) => names.length === 0);
    // What nobody saw the end of cannot be undone.
    const again = await holdfast(at, ["run", ...words.slice(1, 2), "--rollback"]);

    expect([exitCode, again.exitCode]).toEqual([137, 81]);
  });
});

describe("a command inside bubblewrap", () => {
  async function run(script: string, permissions: Permissions) {
    const { argv, env, level } = await wrapCommand(["sh", "-c", script], permissions, {
      env: process.env,
      cwd: root,
      require: true,
    });
    const [program = "", ...words] = argv;
    const { status, stdout, stderr } = spawnSync(program, words, { env, encoding: "utf8" });
    return { level, status, stdout, stderr };
  }

  test("this machine has it", async () => {
    expect(await findMachine()).toEqual({
      level: "bubblewrap",
      lacks: "",
      rights: [],
      noNet: [],
    });
  });

  test("writes only where it may", async () => {
    const made = join(root, "made");

    const ended = await run(`echo x > ${made}; echo y > /var/tmp/holdfast-outside`, {
      write: [root],
    });

    expect([existsSync(made), existsSync("/var/tmp/holdfast-outside"), ended.stderr]).toEqual([
      true,
      false,
      expect.stringContaining("Read-only file system"),
    ]);
  });

  test("sees only what it may read", async () => {
    writeFileSync(join(root, "seen"), "seen");

    const ended = await run(`cat ${join(root, "seen")}; cat /etc/shadow`, { read: [root] });

    expect([ended.stdout, ended.stderr]).toEqual([
      "seen",
      expect.stringContaining("No such file or directory"),
    ]);
  });

  test("has no network where none is named, and no variables but those", async () => {
    const ended = await run("grep -c eth /proc/net/dev; echo ${HOLDFAST_SECRET-none}", {
      net: [],
      env: [],
    });

    expect(ended.stdout).toBe("0\nnone\n");
  });

  test("neither changes the settings of the kernel nor mounts anything", async () => {
    const ended = await run(
      "test -w /proc/sys/kernel/core_pattern || echo kept; mount -o remount,rw /",
      {
        net: [],
      },
    );

    expect([ended.stdout, ended.status === 0]).toEqual(["kept\n", false]);
  });
});
