/** Remedies for locks and services on the real ones: apt, SQLite and Redis as Debian brings them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { automation, execute } from "holdfast/automation";
import { memoryJournal } from "holdfast/journal";
import { command } from "holdfast/process";
import { databaseLock, packageLock, service, type Remedy } from "holdfast/remedies";
import { holdfast, place } from "../cli-process.ts";
import { freePort } from "../free-port.ts";
import { startServer, whyNoServer } from "../postgres/server.ts";

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

/** Ends what a file names, if anything does. */
function endsBy(pidFile: string): void {
  onTestFinished(() => {
    const [pid = ""] = existsSync(pidFile) ? readFileSync(pidFile, "utf8").split("\n") : [];
    if (pid !== "") process.kill(Number(pid), "SIGKILL");
  });
}

/** By the command line: the command under one remedy, and what reached the alert. */
async function guarded(heal: string, words: readonly string[]) {
  const at = place();
  const alert = join(at.root, "alert.json");
  const asked = ["exec", "--heal", heal, "--alert", "cat > alert.json", "--", ...words];
  const { exitCode, stdout } = await holdfast(at, asked);
  const { unhealed = [] } = existsSync(alert) ? JSON.parse(readFileSync(alert, "utf8")) : {};
  return { exitCode, stdout, unhealed: unhealed as { deeds: unknown; because: string }[] };
}

test(
  "by the command line a Redis that is down is started, and one that cannot start is told",
  { timeout: LONG_MS },
  async () => {
    const root = folder();
    const port = await freePort();
    const pidFile = join(root, "redis.pid");
    endsBy(pidFile);
    const start = `redis-server --daemonize yes --port ${port} --bind 127.0.0.1 --save '' --dir ${root} --pidfile ${pidFile}`;
    const probe = `probe='redis-cli -e -p ${port} ping'`;
    const work = ["redis-cli", "-e", "-p", `${port}`, "incr", "a"];

    const never = await guarded(
      `service start='redis-server --port ${port} --dir ${root}/none' ${probe} start-within=2s`,
      work,
    );
    const healed = await guarded(`service start="${start}" ${probe}`, work);

    expect(never).toEqual({
      exitCode: 1,
      stdout: "",
      unhealed: [expect.objectContaining({ remedy: "service", fault: "ECONNREFUSED" })],
    });
    expect(healed).toEqual({ exitCode: 0, stdout: "1\n", unhealed: [] });
  },
);

const noPostgres = whyNoServer();

test.runIf(noPostgres === undefined)(
  "by the command line a Postgres that crashed is started, and psql goes through",
  { timeout: LONG_MS },
  async () => {
    const server = await startServer();
    onTestFinished(() => server.end());
    const psql = ["psql", "--no-psqlrc", "-Atc", "show data_directory", server.url];
    const data = (await command(psql[0] as string, psql.slice(1))).stdout.trim();
    const port = new URL(server.url).port;
    await server.crash();
    endsBy(join(data, "postmaster.pid"));
    // As root it refuses to run; its files belong to nobody.
    const user = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
    const control = `${process.getuid?.() === 0 ? user : ""}pg_ctl -D ${data} -l ${data}/log -w start`;
    const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`;
    const start = `sh -c 'PATH=${join(data, "../../native/bin")}:$PATH; cd /; ${control} -o "${settings}"'`;
    writeFileSync(join(data, "../../start"), start);

    const { exitCode, stdout, unhealed } = await guarded(
      `service start="sh ${join(data, "../../start")}" probe="psql -Atc 'select 1' ${server.url}"`,
      psql,
    );

    expect({ exitCode, stdout, unhealed }).toEqual({
      exitCode: 0,
      stdout: `${data}\n`,
      unhealed: [],
    });
  },
);

test(
  "a Redis that is down is started, and one that stands still is continued",
  {
    timeout: LONG_MS,
  },
  async () => {
    const root = folder();
    const port = await freePort();
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
