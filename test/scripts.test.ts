/**
 * The scripts behind `npm start` and `npm test`. What they bring from the registry is tried in
 * test/system. Handing over needs real processes and signals.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, expect, test, vi } from "vitest";
import { readyModules } from "../scripts/setup/modules.js";
import { NODE_PACKAGES, OLDEST_MAJOR } from "../scripts/setup/node-packages.js";
import { readyNode } from "../scripts/setup/node.js";
import { explain, npmCi, npmCommand } from "../scripts/setup/npm.js";
import { putInPlace, withPart } from "../scripts/setup/part.js";
import { withFirstOnPath } from "../scripts/setup/path.js";
import { stateEnv } from "../scripts/setup/state.js";
import { sumUp } from "../scripts/setup/sum-up.js";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "holdfast scripts-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeFolder(): string {
  return mkdtempSync(join(folder, "case-"));
}

test.for(Object.entries(NODE_PACKAGES))("the Node for %s is pinned", ([platform, wanted]) => {
  expect(wanted).toEqual({
    name: expect.stringMatching(`^node-(bin-)?${platform.replace("win32", "win")}$`) as string,
    version: expect.stringMatching(`^${OLDEST_MAJOR}\\.\\d+\\.\\d+$`) as string,
    integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/) as string,
    binary: expect.stringMatching(/^bin\/node(\.exe)?$/) as string,
  });
});

test("the oldest Node is the one that package.json asks for", () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    engines: { node: string };
  };

  expect(engines.node).toBe(`>=${OLDEST_MAJOR}`);
});

test.for([
  ["24.0.0", 24],
  ["26.1.0", 26],
] as const)("a machine with Node %s uses that, and nothing is brought", async ([node, major]) => {
  const root = makeFolder();
  const machine = { execPath: "/own/node", versions: { node }, platform: "odd", arch: "odd" };

  expect(await readyNode(root, machine)).toEqual({ node: "/own/node", major });
  expect(existsSync(join(root, ".node"))).toBe(false);
});

test.for(Object.entries(NODE_PACKAGES))(
  "what was brought before for %s is used at once",
  async ([key, { name, version, binary }]) => {
    const [platform = "", arch = ""] = key.split("-");
    const root = makeFolder();
    const node = join(root, ".node", `${name}-${version}`, binary);
    mkdirSync(dirname(node), { recursive: true });
    writeFileSync(node, "");
    const machine = { execPath: "x", versions: { node: "20.20.2" }, platform, arch };

    expect(await readyNode(root, machine)).toEqual({ node, major: OLDEST_MAJOR });
  },
);

test("a platform without a package is told what to do", async () => {
  const machine = { execPath: "x", versions: { node: "20.20.2" }, platform: "plan9", arch: "vax" };

  await expect(readyNode(makeFolder(), machine)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [Error: Node 24 or newer is needed, and this is 20.20.2: the registry has none for plan9-vax
      Install it yourself, put it first on the PATH and run the same command again.]
  `);
});

test("a checkout without its lock file is told what to do", async () => {
  const root = makeFolder();

  await expect(readyModules(root, { node: process.execPath, major: 24 })).rejects.toThrow(
    `${join(root, "package-lock.json")} is missing: it lists what to install`,
  );
});

test.for<[what: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform, command: object]>([
  [
    "the npm that runs us",
    { npm_execpath: "/lib/npm/bin/npm-cli.js" },
    "linux",
    { file: "/n", args: ["/lib/npm/bin/npm-cli.js"], shell: false },
  ],
  [
    "npm, under another package manager",
    { npm_execpath: "/lib/yarn.js" },
    "linux",
    { file: "npm", args: [], shell: false },
  ],
  ["npm", {}, "darwin", { file: "npm", args: [], shell: false }],
  ["npm's batch file", {}, "win32", { file: "npm", args: [], shell: true }],
])("%s is used", ([, env, platform, command]) => {
  expect(npmCommand(env, platform, "/n")).toEqual(command);
});

test.for([
  ["npm error code ENOSPC\nnpm error ECONNRESET", "the disk is full"],
  ["npm error code EACCES", "a folder cannot be written"],
  ["npm error code EINTEGRITY", "the registry sent something other than what is pinned"],
  ["npm error code ETARGET", "the package registry does not have it"],
  ["npm error code E404", "the package registry does not have it"],
  ["npm error code E401", "the package registry refuses"],
  ["npm error code ECONNREFUSED", "the package registry cannot be reached"],
  ["npm error code ENOTFOUND", "the package registry cannot be reached"],
  ["npm error code E503", "the package registry cannot be reached"],
  ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "the package registry cannot be reached"],
  ["Error: spawn npm ENOENT", "npm is not installed"],
  ["npm error code EUSAGE", "npm failed"],
  ["", "npm failed"],
] as const)("of %o it is said that %s", ([output, why]) => {
  expect(explain(output)[0]).toBe(why);
});

test.for<[what: string, output: string, exitCode: number, message: string | undefined]>([
  ["npm that ends well", "npm warn deprecated a", 0, undefined],
  [
    "npm that fails",
    "npm warn deprecated a\nnpm error code ENOTFOUND\nnpm error b",
    1,
    `cannot: the package registry cannot be reached
    npm error code ENOTFOUND
    npm error b
  Check the network, the proxy and "npm config get registry", then run the same command again.`,
  ],
  [
    "npm that ends well without all files written",
    "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space\nnpm warn tar TAR_ENTRY_ERROR ENOSPC: no space",
    0,
    `cannot: the disk is full
    npm warn tar TAR_ENTRY_ERROR ENOSPC: no space
  Free some space, then run the same command again.`,
  ],
])("%s", async ([, output, exitCode, message]) => {
  const cli = join(makeFolder(), "npm-cli.js");
  writeFileSync(cli, `console.log(${JSON.stringify(output)}); process.exitCode = ${exitCode};`);
  vi.stubEnv("npm_execpath", cli);

  const told = await npmCi("cannot", folder).catch((error: Error) => error.message);

  vi.unstubAllEnvs();
  expect(told).toBe(message);
});

test.for<[env: NodeJS.ProcessEnv, then: NodeJS.ProcessEnv]>([
  [
    { PATH: "/bin", A: "1" },
    { PATH: `/n${delimiter}/bin`, A: "1" },
  ],
  [{ Path: "C:\\bin" }, { Path: `/n${delimiter}C:\\bin` }],
  [{}, { PATH: "/n" }],
])("with a folder first on the PATH %o is %o", ([env, then]) => {
  expect(withFirstOnPath(env, "/n")).toEqual(then);
});

test.for<[env: NodeJS.ProcessEnv, home: string | undefined]>([
  [{}, "/checkout/.holdfast"],
  [{ HOLDFAST_HOME: "/mine" }, "/mine"],
  [{ XDG_STATE_HOME: "/mine" }, undefined],
  [{ HOLDFAST_HOME: "" }, "/checkout/.holdfast"],
])("with %o runs are kept in %o", ([env, home]) => {
  expect(stateEnv("/checkout", env)["HOLDFAST_HOME"]).toBe(home);
});

/** A folder with one file, whose text tells it from others. */
function makeNamed(path: string, name: string): string {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "name"), name);
  return path;
}

function nameIn(path: string): string | undefined {
  return existsSync(join(path, "name")) ? readFileSync(join(path, "name"), "utf8") : undefined;
}

test.for<[before: string | undefined, after: string, aside: string | undefined]>([
  [undefined, "new", undefined],
  ["old", "new", "old"],
])("where %o stood, what is new is put in place", ([before, after, asideName]) => {
  const root = makeFolder();
  const [place, aside] = [join(root, "place"), join(root, "aside")];
  if (before !== undefined) makeNamed(place, before);
  const fresh = makeNamed(join(root, "fresh"), "new");

  putInPlace({ fresh, place, aside, isThere: () => nameIn(place) === "new" });

  expect([nameIn(place), nameIn(`${aside}-1`)]).toEqual([after, asideName]);
});

test("what another start has put there meanwhile stays", () => {
  const root = makeFolder();
  const place = makeNamed(join(root, "place"), "theirs");
  const fresh = makeNamed(join(root, "fresh"), "mine");

  putInPlace({ fresh, place, aside: join(root, "aside"), isThere: () => true });

  expect([nameIn(place), nameIn(fresh)]).toEqual(["theirs", "mine"]);
});

test("what cannot be moved is an error, and the loop ends", () => {
  const root = makeFolder();
  const place = join(root, "place");

  expect(() =>
    putInPlace({
      fresh: join(root, "none"),
      place,
      aside: join(root, "aside"),
      isThere: () => false,
    }),
  ).toThrow("ENOENT");
});

test("a part is removed when it is used, and when its making fails", async () => {
  const root = makeFolder();
  const made: string[] = [];
  async function make(part: string): Promise<void> {
    made.push(part);
    makeNamed(part, "half");
    if (made.length > 1) throw new Error("no");
  }

  await withPart(root, make);
  await expect(withPart(root, make)).rejects.toThrow("no");

  expect([made.length, ...made.map((part) => existsSync(part))]).toEqual([2, false, false]);
});

test("what a killed start left is removed after an hour, and what is in the making is not", async () => {
  const root = makeFolder();
  const [old, young, whole] = ["part-old", "part-young", "node-1"].map((name) =>
    makeNamed(join(root, ".node", name), name),
  ) as [string, string, string];
  const twoHoursAgo = new Date(Date.now() - 7_200_000);
  for (const path of [old, whole]) utimesSync(path, twoHoursAgo, twoHoursAgo);

  await withPart(root, async () => undefined);

  expect([old, young, whole].map((path) => existsSync(path))).toEqual([false, true, true]);
});

test("a checkout that cannot be written is told what to do", async () => {
  const root = makeFolder();
  writeFileSync(join(root, ".node"), "a file where the folder should be");

  await expect(withPart(root, async () => undefined)).rejects.toThrow(
    /^cannot write to .*: E.*\n {2}Make the checkout writable/s,
  );
});

const REPORT = { numPassedTests: 5, numFailedTests: 0 };

test.for<[what: string, suites: Parameters<typeof sumUp>[0], sum: ReturnType<typeof sumUp>]>([
  [
    "suites that passed are added",
    [
      { name: "a", exitCode: 0, report: REPORT },
      { name: "b", exitCode: 1, report: { numPassedTests: 1, numFailedTests: 2 } },
    ],
    { lines: ["a        5 passed, 0 failed", "b        1 passed, 2 failed"], passed: 6, failed: 2 },
  ],
  [
    "a suite without a report has failed",
    [{ name: "a", exitCode: 0, report: undefined }],
    { lines: ["a        0 passed, 1 failed (it left no report)"], passed: 0, failed: 1 },
  ],
  [
    "a suite that ran nothing has failed",
    [{ name: "a", exitCode: 0, report: { numPassedTests: 0, numFailedTests: 0 } }],
    { lines: ["a        0 passed, 1 failed (nothing ran)"], passed: 0, failed: 1 },
  ],
  [
    "a suite that ended badly has failed, although its tests passed",
    [{ name: "a", exitCode: 3, report: REPORT }],
    { lines: ["a        5 passed, 1 failed (it ended with 3)"], passed: 5, failed: 1 },
  ],
  [
    "a file that could not be loaded has failed",
    [
      {
        name: "a",
        exitCode: 1,
        report: {
          ...REPORT,
          testResults: [
            { status: "failed", assertionResults: [] },
            { status: "passed", assertionResults: [{}] },
            { status: "failed", assertionResults: [{}] },
          ],
        },
      },
    ],
    { lines: ["a        5 passed, 1 failed"], passed: 5, failed: 1 },
  ],
])("%s", ([, suites, sum]) => {
  expect(sumUp(suites)).toEqual(sum);
});

test.for<
  [what: string, reports: Record<string, string>, args: string[], exitCode: number, last: string]
>([
  ["passes", { a: '{"numPassedTests":2,"numFailedTests":0}' }, ["a=0"], 0, "2 passed, 0 failed"],
  ["a failure", { a: '{"numPassedTests":2,"numFailedTests":1}' }, ["a=1"], 1, "2 passed, 1 failed"],
  ["half a report", { a: '{"numPassedTests":2' }, ["a=0"], 1, "0 passed, 1 failed"],
  ["nothing at all", {}, [], 1, "0 passed, 0 failed"],
])("the gate's count of %s", async ([, reports, args, exitCode, last]) => {
  const root = makeFolder();
  for (const [name, report] of Object.entries(reports))
    writeFileSync(join(root, `${name}.json`), report);

  const ended = await promisify(execFile)(process.execPath, [
    join(ROOT, "scripts/count.js"),
    root,
    ...args,
  ]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );

  expect([ended.code, ended.stdout.trimEnd().split("\n").at(-1)]).toEqual([exitCode, last]);
});

/** A wrapper that hands over to `node --eval PROGRAM ARGS`. */
function handingOver(program: string, ...args: string[]) {
  const driver = join(folder, "driver.mjs");
  const module = JSON.stringify(join(ROOT, "scripts/setup/hand-over.js"));
  writeFileSync(
    driver,
    `import { handOver } from ${module};
     const args = process.argv.slice(2);
     process.exitCode = await handOver(process.execPath, args, { cwd: process.cwd() });`,
  );
  const child = spawn(process.execPath, [driver, "--eval", program, "--", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = Promise.all([once(child, "close"), text(child.stdout)]).then(
    ([[exitCode], printed]) => ({ exitCode: exitCode as number, printed }),
  );
  return { child, ended };
}

test("arguments and the exit code go through as they are", async () => {
  const args = ['{"a": "b c"}', "--input", "it's $HOME `x` \\ \n ü", "", "*"];
  const program = "console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 7;";

  const ended = await handingOver(program, ...args).ended;

  expect(ended).toEqual({ exitCode: 7, printed: `${JSON.stringify(args)}\n` });
});

test("a process that a signal ended is told by 128 and the signal's number", async () => {
  const { ended } = handingOver(
    "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1e9);",
  );

  expect((await ended).exitCode).toBe(137);
});

/** Says when it is ready, and half a second after the first signal which ones it got. */
const COUNTING = `
  const got = [];
  const end = () => setTimeout(() => { console.log(got.join(" ")); process.exit(3); }, 500);
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => { if (got.push(signal) === 1) end(); });
  }
  setInterval(() => {}, 1e9);
  console.log("ready");
`;

test.for(["SIGTERM", "SIGINT"] as const)(
  "a %s that comes twice at once is forwarded once",
  async (signal) => {
    const { child, ended } = handingOver(COUNTING);

    await once(child.stdout, "data");
    child.kill(signal);
    child.kill(signal);

    expect(await ended).toEqual({
      exitCode: 3,
      printed: expect.stringMatching(`(^|\n)${signal}\n$`) as string,
    });
  },
);
