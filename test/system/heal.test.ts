/**
 * Remedies on the real thing: disks that are really full, tmpfs in mounts of their own (root, or user
 * namespaces), real git, real dpkg.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { dpkgInterrupted, gitIndexLock } from "holdfast/remedies";
import { fixture } from "../cli-process.ts";
import { treat } from "../../src/heal/treat.contract.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const root = mkdtempSync(join(tmpdir(), "holdfast-heal-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs a shell in mounts of its own, with a small tmpfs at $DISK and the journal elsewhere. */
function onSmallDisk(name: string, options: string, script: string) {
  const home = join(root, name);
  const disk = join(home, "disk");
  mkdirSync(disk, { recursive: true });
  const shell = `mount -t tmpfs -o ${options} none "$DISK" && ${script}`;
  const { status, stdout, stderr } = spawnSync("unshare", ["-Urm", "sh", "-c", shell], {
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      HOLDFAST_HOME: join(home, "state"),
      DISK: disk,
      NODE: process.execPath,
      MAIN,
      BACKUP: fixture("heals-disk.ts"),
    },
  });
  return { status, stdout, stderr, disk };
}

/** Archives of 1 MB each, the first the oldest. */
const ARCHIVES =
  'for n in 1 2 3 4 5; do head -c 1000000 /dev/zero > "$DISK/$n.gz"; touch -d "2026-01-0$n" "$DISK/$n.gz"; done';
const RUN =
  '"$NODE" "$MAIN" run "$BACKUP"; code=$?; ls "$DISK"; "$NODE" "$MAIN" show last; exit $code';

test("a full disk: the oldest go, the newest stay, the step goes through, and the record tells it", () => {
  const { status, stdout, disk } = onSmallDisk("bytes", "size=6m", `${ARCHIVES}; ${RUN}`);

  expect(status).toBe(0);
  expect(stdout).toMatch(/^3\.gz\n4\.gz\n5\.gz\nnew\.data$/m);
  expect(stdout).toContain("step archive: completed");
  expect(stdout).toMatch(/, healed$/m);
  expect(stdout).toContain("attempt 1, ");
  expect(stdout).toContain(": ENOSPC (degraded, effect partial): ");
  expect(stdout).toContain(`remedy disk-full (${disk}/*.gz): healed, `);
  expect(stdout).toContain(`deleted ${disk}/1.gz (1 MB)`);
  expect(stdout).toContain(`deleted ${disk}/2.gz (1 MB)`);
});

test("with nothing to delete it stops, and says so", () => {
  const filled = 'head -c 6000000 /dev/zero > "$DISK/other.bin"';
  const { status, stdout, stderr, disk } = onSmallDisk("nothing", "size=6m", `${filled}; ${RUN}`);

  expect(status).not.toBe(0);
  expect(stdout).toMatch(/^other\.bin$/m);
  expect(stderr).toContain(
    `could not be healed of ENOSPC by disk-full (${disk}/*.gz): there is nothing to act on`,
  );
  expect(stdout).toContain("attempt 1, ");
  expect(stdout).not.toContain("attempt 2, ");
});

test("a command whose disk cannot be cleared stops at once, and alerts with what was found", () => {
  const script = `head -c 6000000 /dev/zero > "$DISK/other.bin"
    "$NODE" "$MAIN" exec --attempts 5 --heal "disk-full clear=$DISK/*.gz keep=2" --alert 'cat > "$HOME/alert.json"' \\
      -- sh -c 'echo ran; head -c 900000 /dev/zero > "$DISK/new.data"'`;
  const { status, stdout, disk } = onSmallDisk("alerted", "size=6m", script);

  const { unhealed } = JSON.parse(readFileSync(join(disk, "../alert.json"), "utf8"));
  expect([status, stdout, unhealed]).toEqual([
    1,
    "ran\n",
    [
      {
        remedy: "disk-full",
        target: `${disk}/*.gz`,
        fault: expect.stringMatching(/^(?:ENOSPC|NO_SPACE_UNCONFIRMED)$/),
        deeds: [],
        because: expect.stringMatching(
          /^there is nothing to act on: .* has 0 B left, .* 0 may go, 0 stay as the newest$/,
        ),
        advice: `make room where ${disk}/*.gz lies, or let more of it go`,
      },
    ],
  ]);
});

test("a script whose disk is full goes through by the command line: the oldest two go, the rest stays", () => {
  const script = `${ARCHIVES}; printf 'head -c 2000000 /dev/zero > "$DISK/new.data" && echo done' > "$HOME/backup.sh"
    "$NODE" "$MAIN" exec --heal "disk-full clear=$DISK/*.gz keep=3 free=2MB budget=1/1d" -- bash "$HOME/backup.sh"
    code=$?; ls "$DISK"; "$NODE" "$MAIN" show last; exit $code`;
  const { status, stdout, disk } = onSmallDisk("script", "size=6m", script);

  expect(status).toBe(0);
  expect(stdout).toMatch(/^done\n3\.gz\n4\.gz\n5\.gz\nnew\.data$/m);
  expect(stdout.match(/^ +(?:remedy|deleted) \S+ \(\S+(?: \w+\)|\): healed)/gm)).toEqual([
    expect.stringContaining(`remedy disk-full (${disk}/*.gz): healed`),
    expect.stringContaining(`deleted ${disk}/1.gz (1 MB)`),
    expect.stringContaining(`deleted ${disk}/2.gz (1 MB)`),
  ]);
});

test("what is mounted in the directory cannot be deleted, and stays; the next goes", () => {
  const mounted =
    'echo > "$DISK/other"; touch -d 2026-01-01 "$DISK/other"; : > "$DISK/0.gz"; mount --bind "$DISK/other" "$DISK/0.gz"';
  const { status, stdout, disk } = onSmallDisk(
    "mounted",
    "size=6m",
    `${ARCHIVES}; ${mounted}; ${RUN}`,
  );

  expect(status).toBe(0);
  expect(stdout).toContain(`left ${disk}/0.gz (4.1 kB): EBUSY`);
  expect(stdout).toContain(`deleted ${disk}/2.gz (1 MB)`);
});

test("no inodes left: the oldest go, though there is room", () => {
  const many = 'for n in 1 2 3 4 5 6 7 8; do : > "$DISK/$n.session"; done';
  const { status, stdout, disk } = onSmallDisk("inodes", "size=6m,nr_inodes=9", `${many}; ${RUN}`);

  expect(status).toBe(0);
  expect(stdout).toContain(`remedy inodes (${disk}/*.session): healed, `);
});

test("the lock of a process that /proc does not show, as others' are hidden, stays", () => {
  const script = `sleep 60 >/dev/null 2>&1 & pid=$!; echo $pid > "$HOME/lock"; mount -t tmpfs none "/proc/$pid"
    "$NODE" "$MAIN" exec --heal "stale-lock path=$HOME/lock codes=ENOMEM" \\
      -- sh -c 'echo "Cannot allocate memory" >&2; exit 4'
    code=$?; kill $pid; ls "$HOME/lock"; exit $code`;
  const { status, stdout, stderr, disk } = onSmallDisk("hidden", "size=1m", script);

  const lock = join(disk, "../lock");
  expect([status, stdout]).toEqual([4, `${lock}\n`]);
  expect(stderr).toMatch(
    /lock names process \d+, which lives; whether it wrote the file is not certain/,
  );
});

test("an index.lock that git left behind is deleted, and git goes on", async () => {
  const repository = join(root, "repository");
  const git = (...words: string[]) =>
    spawnSync("git", ["-C", repository, ...words], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
  spawnSync("git", ["init", "-q", repository]);
  writeFileSync(join(repository, "a"), "a");
  writeFileSync(join(repository, ".git/index.lock"), "");
  const refused = git("add", "a");
  const gitDirectory = join(repository, ".git");

  const { outcome } = await treat(
    gitIndexLock({ gitDirectory, olderThan: 1, wait: "5s" }),
    "GIT_LOCKED",
  );

  expect([refused.status, outcome, git("add", "a").status]).toEqual([128, "healed", 0]);
});

test.for<[name: string, words: (repository: string) => string[]]>([
  ["reached over a link", (repository) => ["-C", repository]],
  [
    "that stands elsewhere",
    (repository) => [`--git-dir=${repository}/.git`, `--work-tree=${repository}`],
  ],
])("the index.lock of a git that waits for its editor stays: one %s", async ([name, words]) => {
  const repository = join(root, name);
  const link = join(root, `link ${name}`);
  const started = join(root, `${name} started`);
  spawnSync("git", ["init", "-q", repository]);
  symlinkSync(repository, link);
  writeFileSync(join(repository, "a"), "a");
  spawnSync("git", ["-C", repository, "add", "a"]);
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  const git = spawn("git", [...identity, ...words(repository), "commit", "-qa"], {
    stdio: "ignore",
    env: { ...process.env, GIT_EDITOR: `touch '${started}'; sleep 60; false`, TERM: "xterm" },
    detached: true,
  });
  onTestFinished(() => void process.kill(-(git.pid as number), "SIGKILL"));
  while (!existsSync(started)) await sleep(20);
  const gitDirectory = join(link, ".git");

  const { outcome, because } = await treat(
    gitIndexLock({ gitDirectory, olderThan: 1, wait: 0 }),
    "GIT_LOCKED",
  );

  expect([outcome, because, existsSync(join(gitDirectory, "index.lock"))]).toEqual([
    "failed",
    expect.stringMatching(
      /^the symptom is still there: .*index\.lock may be in use by process \d+$/,
    ),
    true,
  ]);
});

test("an interrupted dpkg is gone on with", async () => {
  const directory = join(root, "dpkg");
  for (const name of ["updates", "info", "triggers"])
    mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, "status"), "");
  writeFileSync(join(directory, "available"), "");
  writeFileSync(
    join(directory, "updates/0000"),
    "Package: demo\nStatus: install ok installed\nMaintainer: a <a@example.org>\nArchitecture: all\nVersion: 1\nDescription: demo\n",
  );

  const { outcome, because } = await treat(dpkgInterrupted({ directory }), "DPKG_INTERRUPTED");

  expect([outcome, because]).toEqual(["healed", `${directory}/updates holds 0 unfinished updates`]);
});
