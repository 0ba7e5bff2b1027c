/**
 * The wrapper scripts on a machine that has nothing but its own Node and npm, from a path with
 * spaces: what they bring is really brought from the registry, and what is killed is really killed.
 */

import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BARE, freshCheckout, run, saidIn, start } from "./checkout.ts";

/** One test file that takes milliseconds: what is looked at here is how it comes to run. */
const ONE_TEST = ["npm", "test", "--", "src/core/exit-codes.test.ts"] as const;

const { folder, checkout } = freshCheckout();
const place = join(checkout, ".node");
const modules = join(checkout, "node_modules");
let isOld = true;

beforeAll(async () => {
  const { stdout } = await run(checkout, ["node", "--version"]);
  isOld = Number.parseInt(stdout.slice(1), 10) < 24;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The parts that are being made, or were left by something that was killed. */
function parts(): string[] {
  return existsSync(place) ? readdirSync(place).filter((name) => name.startsWith("part-")) : [];
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 3_000; !isTrue(); left--) {
    if (left === 0) throw new Error("it did not come true within a minute");
    await sleep(20);
  }
}

describe("in order, in one checkout", () => {
  test("a registry that cannot be reached is told, with what to do", async () => {
    const ended = await run(checkout, ONE_TEST, {
      ...BARE,
      // Nothing listens there.
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_cache: join(folder, "empty cache"),
      npm_config_fetch_retries: "0",
    });

    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(": the package registry cannot be reached\n");
    expect(ended.stderr).toContain("ECONNREFUSED");
    expect(ended.stderr).toContain(
      '  Check the network, the proxy and "npm config get registry", then',
    );
    expect([existsSync(modules), parts()]).toEqual([false, []]);
  });

  test("what was killed half-way is not taken for the whole", async () => {
    const { child, ended } = start(checkout, ["node", "scripts/test.js"], BARE);
    await until(() => parts().some((name) => existsSync(join(place, name, "node_modules"))));

    child.kill("SIGKILL");
    await ended;

    expect(readdirSync(place).filter((name) => !name.startsWith("part-"))).toEqual([]);
    expect(existsSync(modules)).toBe(false);
  });

  test("two starts at once both set up and run", async () => {
    const both = await Promise.all([run(checkout, ONE_TEST), run(checkout, ONE_TEST)]);

    const shown = both.map(({ stdout, stderr }) => stdout + stderr).join("\n");
    expect(
      both.map(({ exitCode }) => exitCode),
      shown,
    ).toEqual([0, 0]);
    expect(both.map(({ stdout }) => /Tests .*\b\d+ passed/.test(stdout))).toEqual([true, true]);
    expect(existsSync(join(modules, "vitest"))).toBe(true);
  });

  test("the second time nothing is set up", async () => {
    const ended = await run(checkout, ONE_TEST);

    expect([ended.exitCode, saidIn(ended)]).toEqual([0, []]);
  });

  test("the tests run under Node 24 or newer, brought only where the machine's own is older", async () => {
    const program = "console.log(process.versions.node)";
    const probe = join(checkout, "test/probe.test.ts");
    writeFileSync(probe, `import { test } from "vitest"; test("probe", () => { ${program} });`);

    const { stdout } = await run(checkout, ["npm", "test", "--", "test/probe.test.ts"]);

    rmSync(probe);
    const [version = "0"] =
      /\b\d+\.\d+\.\d+\n/.exec(stdout.slice(stdout.indexOf("stdout |"))) ?? [];
    expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(24);
    expect(readdirSync(place).some((name) => name.startsWith("node-"))).toBe(isOld);
  });

  test("another lock file is installed anew", async () => {
    const lock = join(checkout, "package-lock.json");
    writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);

    const ended = await run(checkout, ONE_TEST);

    expect([ended.exitCode, saidIn(ended)]).toEqual([
      0,
      ["holdfast: installing the development tools with npm ci"],
    ]);
  });

  test("a test that fails makes it fail", async () => {
    const probe = join(checkout, "test/probe.test.ts");
    writeFileSync(
      probe,
      'import { test } from "vitest"; test("no", () => { throw new Error("no"); });',
    );

    const ended = await run(checkout, ["npm", "test", "--", "test/probe.test.ts"]);

    rmSync(probe);
    expect([ended.exitCode, /Tests .*\b1 failed/.test(ended.stdout)]).toEqual([1, true]);
  });

  test("the command line runs from source with its arguments and exit code, from any folder", async () => {
    const automation = `
      import { automation } from "holdfast/automation";
      export default automation("echo", async (run) => {
        const { note, isBad } = run.input as { note: string; isBad: boolean };
        await run.step("note", () => { if (isBad) throw new TypeError("bad"); return note; });
      });`;
    writeFileSync(join(folder, "echo it.ts"), automation);
    const holdfast = ["npm", "--prefix", checkout, "run", "holdfast", "--"] as const;
    const input = (isBad: boolean): string => JSON.stringify({ note: `it's "$HOME" \`x\``, isBad });

    const good = await run(folder, [...holdfast, "run", "echo it.ts", "--input", input(false)]);
    const bad = await run(folder, [...holdfast, "run", "echo it.ts", "--input", input(true)]);

    expect([good.exitCode, bad.exitCode], good.stderr + bad.stderr).toEqual([0, 1]);
    expect(good.stdout).toContain("1/1 tasks succeeded");
    expect(existsSync(join(checkout, ".holdfast/holdfast.db"))).toBe(true);
  });

  test("it builds a command that runs", async () => {
    const built = await run(checkout, ["npm", "run", "build"]);

    const [node = "node"] = readdirSync(place)
      .filter((name) => name.startsWith("node-"))
      .map((name) => join(place, name, "bin"));
    const command = join(checkout, "dist/cli/main.js");
    const ended = await run(folder, [command, "--version"], { PATH: `${node}:${BARE.PATH}` });

    expect([built.exitCode, ended.exitCode], built.stderr + ended.stderr).toEqual([0, 0]);
    expect(ended.stdout).toMatch(/\d+\.\d+\.\d+/);
  });
});

/** Says which signals it got half a second after the first, and what it was started with. */
const COUNTING = `
  const got = [];
  const end = () => setTimeout(() => { console.log("got " + got.join(" ")); process.exit(3); }, 500);
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => { if (got.push(signal) === 1) end(); });
  }
  setTimeout(() => { console.log("got nothing"); process.exit(4); }, 5_000);
  console.log("ready " + process.ppid);
`;

describe("in a terminal", () => {
  /** Hands over inside a terminal of its own, which `script` makes. */
  async function inTerminal(act: (type: (keys: string) => void, wrapper: number) => void) {
    const driver = join(folder, "driver.mjs");
    const module = JSON.stringify(join(checkout, "scripts/setup/hand-over.js"));
    writeFileSync(
      driver,
      `import { handOver } from ${module};
       const args = ["--eval", ${JSON.stringify(COUNTING)}];
       process.exitCode = await handOver(process.execPath, args, { cwd: process.cwd() });`,
    );
    const { spawn } = await import("node:child_process");
    const args = ["--quiet", "--return", "--command", `exec node '${driver}'`, "/dev/null"];
    const child = spawn("script", args, { env: { ...BARE }, stdio: ["pipe", "pipe", "inherit"] });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const [, wrapper] = /ready (\d+)/.exec((printed += text)) ?? [];
      if (/ready \d+\s*$/.test(printed)) act((keys) => child.stdin.write(keys), Number(wrapper));
    });
    const [exitCode] = (await once(child, "close")) as [number];
    return { exitCode, got: /got .*?(?=\r?\n)/.exec(printed)?.[0] };
  }

  test("Ctrl-C reaches the program once", async () => {
    const ended = await inTerminal((type) => type("\u0003"));

    expect(ended).toEqual({ exitCode: 3, got: "got SIGINT" });
  });

  test("a request to end is handed on once", async () => {
    const ended = await inTerminal((_, wrapper) => process.kill(wrapper, "SIGTERM"));

    expect(ended).toEqual({ exitCode: 3, got: "got SIGTERM" });
  });
});
