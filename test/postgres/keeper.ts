/**
 * A process that keeps one Postgres server, and outlives whoever started it only to end that: when its
 * input ends, for whatever reason, it ends the server by its pid and removes its folder.
 *
 * It hears `start`, `crash` and `standby` on its input, and tells `ready <port>`, `crashed` or
 * `failed <why>` on its output.
 */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { openSync, closeSync, writeFileSync, writeSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { placeBinaries } from "./binaries.ts";
import { PASSWORD } from "./password.ts";

/** As root the server refuses to run: then it is `nobody`. */
const NOBODY = 65_534;
const RUNS_AS = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const MAX_STARTS = 5;
const MAX_POLLS = 1_500;

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  max_connections: "100",
  shared_buffers: "32MB",
  // What a busy machine may take long for, and tests do not need.
  autovacuum: "off",
  log_min_messages: "fatal",
};

function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

/** A place for temporary files that `nobody` is let into. */
function publicFolder(): string {
  const isPublic = (folder: string): boolean =>
    (statSync(folder).mode & 0o001) !== 0 && (folder === "/" || isPublic(dirname(folder)));
  return RUNS_AS.uid === undefined || isPublic(tmpdir()) ? tmpdir() : "/tmp";
}

class Keeper {
  readonly #folder = mkdtempSync(join(publicFolder(), "holdfast-postgres-"));
  readonly #data = join(this.#folder, "home/data");
  #server: ChildProcess | undefined;
  #port = 0;

  /** Makes an empty database. */
  prepare(native: string): void {
    chmodSync(this.#folder, 0o755);
    mkdirSync(join(this.#folder, "home"));
    if (RUNS_AS.uid !== undefined) chownSync(join(this.#folder, "home"), NOBODY, NOBODY);
    placeBinaries(native, join(this.#folder, "native"));
    const passwordFile = join(this.#folder, "password");
    writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
    const args = ["-D", this.#data, "-U", "postgres", "-A", "scram-sha-256"];
    const made = spawnSync(
      this.#program("initdb"),
      [...args, "--pwfile", passwordFile, "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...RUNS_AS, cwd: "/", encoding: "utf8", env: {} },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr || String(made.error)}`);
  }

  /** Starts it, at the same port each time. */
  async start(): Promise<number> {
    for (let start = 1; ; start++) {
      this.#port ||= await freePort();
      if (await this.#tryStart()) return this.#port;
      // Another program may have been faster.
      if (start === MAX_STARTS) throw new Error(readFileSync(this.#log, "utf8").slice(-2_000));
      this.#port = 0;
    }
  }

  /** Ends it as a power cut would, but for the disk's own cache. */
  async crash(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  async remove(): Promise<void> {
    await this.#end("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  get #log(): string {
    return join(this.#folder, "log");
  }

  #program(name: string): string {
    return join(this.#folder, "native/bin", name);
  }

  async #tryStart(): Promise<boolean> {
    const settings = Object.entries({ ...SETTINGS, port: String(this.#port) });
    const args = [
      "-D",
      this.#data,
      ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ];
    const log = openSync(this.#log, "a");
    const server = spawn(this.#program("postgres"), args, {
      ...RUNS_AS,
      cwd: "/",
      env: {},
      stdio: ["ignore", log, log],
      // A Ctrl-C is for the tests: they end it.
      detached: true,
    });
    closeSync(log);
    this.#server = server;
    for (let poll = 0; poll < MAX_POLLS && server.exitCode === null; poll++) {
      if (isReady(this.#data)) return true;
      await setTimeout(20);
    }
    await this.#end("SIGKILL");
    return false;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  }
}

/** The server writes how it stands into the eighth line. Source: src/include/utils/pidfile.h. */
function isReady(data: string): boolean {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return lines[7]?.trim() === "ready";
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function main([native = ""]: readonly string[]): Promise<void> {
  const keeper = new Keeper();
  const input = createInterface({ input: process.stdin });
  const obey = async (line: string): Promise<void> => {
    if (line === "crash") {
      await keeper.crash();
      tell("crashed");
    } else tell(`ready ${await keeper.start()}`);
  };
  try {
    keeper.prepare(native);
    await obey("start");
    for await (const line of input) await obey(line);
  } catch (error) {
    tell(`failed ${JSON.stringify(String(error))}`);
  } finally {
    await keeper.remove();
  }
}

// Whoever started it ends it by its input.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
await main(process.argv.slice(2));
