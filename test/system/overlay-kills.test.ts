/** A transaction that is killed at every point: each file is the old one, or, once it was ready, the new one. */

import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { holdfast, place, start, type Place } from "../cli-process.ts";

const PRELOAD = pathToFileURL(join(import.meta.dirname, "../exec/kill-at.ts")).href;

/** Every kind of thing, in a directory of its own: what the command changes, and what it leaves. */
const BEFORE = `
echo old > changed; echo same > same; echo t > touched; echo gone > gone; mkdir -p gonedir/deep; echo d > gonedir/deep/d
echo r > ren; mkdir turns; echo i > turns/i; echo f > becomes; echo m > mode; mkdir modedir; echo in > modedir/in
mkdir again; echo a > again/a; echo b > again/b; ln -s changed oldlink; echo one > twin; ln twin other
printf n > "name
with newline"; echo sp > " name  with spaces "; mkfifo left-alone
find . ! -type l -exec touch -d @900000000 {} +`;

const COMMAND = `
printf new > changed; touch touched; rm gone; rm -r gonedir; mv ren ren2; rm -r turns; echo file > turns
rm becomes; mkdir becomes; echo inner > becomes/inner; chmod 4750 mode; chmod 711 modedir; echo more > modedir/more
rm -r again; mkdir again; echo c > again/c; ln -sfn same oldlink; echo h > hard; ln hard link-of-hard
mkdir -p "new dir/-x/deep"; echo y > "new dir/-x/deep/y"; truncate -s 3G sparse; printf 2 > "name
with newline"; rm " name  with spaces "; echo -e > -dash
find . -type f ! -newermt @900000001 ! -name left-alone -prune -o -type f -exec touch -d @1000000000 {} +`;

/** What is in a directory, each thing in words. Times of directories are those of what was done in them. */
function look(directory: string): Record<string, unknown> {
  const names = readdirSync(directory, { recursive: true }).map(String).toSorted();
  const inodes = names.map((name) => lstatSync(join(directory, name)).ino);
  return Object.fromEntries(
    names.map((name, index) => {
      const path = join(directory, name);
      const { mode, size, mtimeMs, blocks } = lstatSync(path);
      const stats = lstatSync(path);
      const kept = {
        mode: mode.toString(8),
        links: inodes.filter((ino) => ino === inodes[index]).length,
      };
      if (stats.isSymbolicLink()) return [name, { to: readlinkSync(path) }];
      if (!stats.isFile()) return [name, { mode: mode.toString(8) }];
      const isSparse = size > 1e9;
      const content = isSparse ? blocks * 512 < 1e6 : hashOf(path);
      return [name, { ...kept, size, mtimeMs, content }];
    }),
  );
}

const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

function run(script: string, cwd: string): void {
  const { status, stderr } = spawnSync("sh", ["-ec", script], { cwd, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
}

function tree(): Place & { readonly directory: string } {
  const at = place();
  const directory = join(at.root, "tree");
  mkdirSync(directory);
  run(BEFORE, directory);
  return { ...at, directory };
}

const transact = ["exec", "--name", "change", "--transaction", "--cwd", "tree"];

async function killedAt(point: number) {
  const at = tree();
  const log = join(at.root, "points");
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, KILL_AT: `${point}`, KILL_LOG: log };
  const words = [...transact, "--verify", "test -f ren2", "--", "sh", "-ec", COMMAND];
  const { exitCode, stderr } = await holdfast(at, words, env);
  const points = readFileSync(log, "utf8").split("\n").slice(0, -1);
  return { at, exitCode, stderr, points };
}

/** What a plain command makes of it. */
function expected(): { readonly before: object; readonly after: object } {
  const at = tree();
  const before = look(at.directory);
  run(COMMAND, at.directory);
  const after = look(at.directory);
  rmSync(at.directory, { recursive: true });
  return { before, after };
}

/** So many runs at most, evenly over all points. */
const MOST_RUNS = 25;

test(
  "killed at any point, and started again: all is old before it was ready, and all is new after that",
  { timeout: 600_000 },
  async () => {
    const { before, after } = expected();
    const whole = await killedAt(0);
    expect([whole.exitCode, whole.stderr, look(whole.at.directory)]).toEqual([0, "", after]);
    const count = whole.points.length;
    const every = Math.max(1, Math.ceil(count / MOST_RUNS));
    const seen = new Set<string>();

    const sampled = Array.from({ length: Math.ceil(count / every) }, (_, at) => 1 + at * every);
    // The last one comes when all is in place and nothing is left to tell of.
    for (const point of new Set([...sampled, count])) {
      const { at, exitCode, points } = await killedAt(point);
      const isReady = points.some(
        (line) => line.startsWith("rename") && line.includes("ready.new"),
      );
      const next = await holdfast(at, ["exec", "--", "true"]);
      const found = look(at.directory);
      const isNew = JSON.stringify(found) === JSON.stringify(after);
      const isWritten = isReady && !points.at(-1)?.includes("ready.new");

      expect({ point, last: points.at(-1), exitCode, found }).toEqual({
        point,
        last: points.at(-1),
        exitCode: 137,
        found: isWritten ? after : before,
      });
      expect([next.exitCode, readdirSync(join(at.home, "overlays"))]).toEqual([0, []]);
      seen.add(`${isNew ? "new" : "old"}: ${/while its|before its/.exec(next.stderr)?.[0] ?? "-"}`);
      rmSync(at.directory, { recursive: true });
    }

    expect([...seen].toSorted()).toEqual(["new: -", "new: while its", "old: -", "old: before its"]);
  },
);

test.for([
  ["while the command runs", "echo x > changed; echo here >&2; sleep 600", ["--verify", "true"]],
  ["while it is verified", "echo x > changed", ["--verify", "echo here >&2; sleep 600"]],
] as const)("killed %s, all is as it was", async ([, line, flags]) => {
  const at = tree();
  const before = look(at.directory);
  const running = start(at, [...transact, ...flags, "--", "sh", "-c", line]);
  await running.heard("here");

  running.child.kill("SIGKILL");
  await running.ended;
  const next = await holdfast(at, ["exec", "--", "true"]);

  expect([next.exitCode, look(at.directory), readdirSync(join(at.home, "overlays"))]).toEqual([
    0,
    before,
    [],
  ]);
});

test("a directory that goes while others write into it stays", async () => {
  const at = tree();
  const go = join(at.root, "go");
  const line = `rm -r gonedir; echo here >&2; while [ ! -e ${JSON.stringify(go)} ]; do sleep 0.05; done`;
  const running = start(at, [...transact, "--", "sh", "-c", line]);
  await running.heard("here");

  at.file("tree/gonedir/deep/theirs", "theirs");
  at.file("go", "");
  const { exitCode, stderr } = await running.ended;

  expect([exitCode, existsSync(join(at.directory, "gonedir/deep/theirs"))]).toEqual([125, true]);
  expect(stderr).toContain("gonedir was changed by others while the command ran");
});

test.runIf(process.getuid?.() === 0)(
  "where the disk is full as the changes are put beside their place, all is as it was",
  () => {
    const at = place();
    mkdirSync(join(at.root, "small"));
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const exec = `"$NODE" "$MAIN" exec --transaction --cwd small -- sh -c 'echo new > kept; head -c 3000000 /dev/zero > big'`;
    const script = `mount -t tmpfs -o size=2m small small; echo old > small/kept; ${exec}; echo "code $?"; ls -A small; cat small/kept`;

    const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script], {
      cwd: at.root,
      encoding: "utf8",
      env: { ...process.env, HOLDFAST_HOME: at.home, NODE: process.execPath, MAIN: main },
    });

    expect(stdout).toBe("code 125\nkept\nold\n");
    expect(stderr).toContain("No space left on device");
    expect(readdirSync(join(at.home, "overlays"))).toEqual([]);
  },
);

test("of two transactions at once on one file, the second to end changes nothing and says so", async () => {
  const at = tree();
  const wait = (name: string) =>
    `echo ${name} > changed; echo here >&2; while [ ! -e ${JSON.stringify(join(at.root, name))} ]; do sleep 0.05; done`;
  const starts = ["one", "two"].map((name) =>
    start(at, [...transact, "--name", name, "--", "sh", "-c", wait(name)]),
  );
  for (const each of starts) await each.heard("here");

  at.file("one", "");
  const first = await starts[0]?.ended;
  at.file("two", "");
  const second = await starts[1]?.ended;

  expect([first?.exitCode, second?.exitCode]).toEqual([0, 125]);
  expect(readFileSync(join(at.directory, "changed"), "utf8")).toBe("one\n");
  expect(second?.stderr).toContain("was changed by others");
});
