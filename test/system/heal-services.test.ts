/** Remedies for locks and services on the real ones: apt, SQLite and Redis as Debian brings them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { automation, execute } from "holdfast/automation";
import { memoryJournal } from "holdfast/journal";
import { command } from "holdfast/process";
import { databaseLock, packageLock, service, type Remedy } from "holdfast/remedies";

/** Real services take their time on a busy machine. */
const LONG_MS = 60_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-heal-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** One step under one remedy: its exit code, and what the attempts failed by and were healed by. */
async function heals(remedy: Remedy, work: () => unknown) {
  const journal = memoryJournal();
  const one = automation("one", async (run) => {
    await run.step("one", work, { heal: [remedy], repeatable: true, retry: { attempts: 1 } });
  });
  const { exitCode, runId } = await execute(one, { journal });
  const [step] = await journal.readSteps(runId, { kind: "step" });
  const attempts = step?.attempts.map(({ fault, healings }) => [
    fault?.code,
    healings?.map(({ outcome }) => outcome),
  ]);
  return { exitCode, attempts, healing: step?.attempts[0]?.healings?.[0] };
}

/** A process of Python that does something, says so, and goes on until its input ends. */
async function python(script: string, ...words: string[]) {
  const child = spawn(
    "python3",
    ["-c", `${script}\nprint("ready", flush=True)\ninput()`, ...words],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(createInterface({ input: child.stdout }), "line");
  return { pid: child.pid, letGo: () => void child.stdin.end("\n") };
}

/** The same remedy; what it finds has an end as soon as it acts. */
function during(remedy: Remedy, letGo: () => void): Remedy {
  return {
    ...remedy,
    act(context) {
      letGo();
      return remedy.act(context);
    },
  };
}

test(
  "apt that is locked by another process is waited for, and goes on",
  { timeout: LONG_MS },
  async () => {
    const root = folder();
    const lists = join(root, "lists");
    mkdirSync(join(lists, "partial"), { recursive: true });
    const lock = join(lists, "lock");
    const holder = await python(
      "import fcntl, sys\nf = open(sys.argv[1], 'w')\nfcntl.lockf(f, fcntl.LOCK_EX)",
      lock,
    );
    const settings = {
      "Dir::State::lists": lists,
      "Dir::Cache": root,
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": "/dev/null",
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);

    const { exitCode, attempts, healing } = await heals(
      during(packageLock({ files: [lock], wait: "30s" }), holder.letGo),
      async () => void (await command("apt-get", ["update", ...words])),
    );

    expect([exitCode, attempts]).toEqual([
      0,
      [
        ["PACKAGES_LOCKED", ["healed"]],
        [undefined, undefined],
      ],
    ]);
    expect(healing?.found).toBe(`${lock} is held by process ${holder.pid} (python3)`);
  },
);

test(
  "a SQLite file that another process writes to is waited for",
  { timeout: LONG_MS },
  async () => {
    const path = join(folder(), "a.db");
    using database = new DatabaseSync(path, { timeout: 0 });
    database.exec("create table a (b)");
    const holder = await python(
      "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('begin immediate')",
      path,
    );

    const { exitCode, attempts } = await heals(during(databaseLock(), holder.letGo), () => {
      database.exec("insert into a values (1)");
    });

    expect([exitCode, attempts?.[0], attempts?.at(-1)]).toEqual([
      0,
      ["SQLITE_BUSY", ["healed"]],
      [undefined, undefined],
    ]);
  },
);

test(
  "a Redis that is down is started, and one that stands still is continued",
  {
    timeout: LONG_MS,
  },
  async () => {
    const root = folder();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const pidFile = join(root, "redis.pid");
    const start =
      `redis-server --daemonize yes --port ${port} --bind 127.0.0.1 --save "" --dir ${root} --pidfile ${pidFile}`.split(
        " ",
      );
    const ask = (word: string) => ["redis-cli", "-e", "-p", `${port}`, word];
    const redis = service({
      start: start.map((word) => (word === '""' ? "" : word)),
      probe: ask("ping"),
      probeTimeout: "2s",
      pidFile,
      coolDown: 0,
    });
    const pid = () => Number(readFileSync(pidFile, "utf8"));
    onTestFinished(() => void process.kill(pid(), "SIGKILL"));
    const work = async () =>
      void (await command("redis-cli", [...ask("incr").slice(1), "a"], { timeout: "5s" }));

    const down = await heals(redis, work);
    const first = pid();
    process.kill(first, "SIGSTOP");
    const still = await heals(redis, work);

    expect([
      down.exitCode,
      down.attempts?.map(([code]) => code),
      down.healing?.deeds.length,
    ]).toEqual([0, ["ECONNREFUSED", undefined], 1]);
    expect([still.exitCode, still.healing?.outcome, still.healing?.deeds, pid()]).toEqual([
      0,
      "healed",
      [`continued process ${first}`],
      first,
    ]);
  },
);
