/** A real Postgres and a real Redis on loopback, in each of the states in which they refuse. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startServer } from "../postgres/server.ts";
import { freePort } from "../free-port.ts";
import { folder, ran, threw, type Shown } from "./stage.ts";

export async function* postgres(): AsyncGenerator<Shown> {
  const server = await startServer();
  try {
    yield* refusals(server.url);
    yield* full(server.url);
    await server.crash();
    yield await ran(73, "degraded none ECONNREFUSED", ["psql", server.url, "-c", "select 1"]);
    const { hostname, port } = new URL(server.url);
    yield await ran(73, "degraded none ECONNREFUSED", ["pg_isready", "-h", hostname, "-p", port]);
  } finally {
    await server.end();
  }
  yield ran(35, "transient none ENOTFOUND", ["psql", "-h", "holdfast.invalid", "-c", "select 1"]);
}

async function* refusals(url: string): AsyncGenerator<Shown> {
  const psql = (sql: string, as = url) => ["psql", as, "-Xc", sql];
  const query = (...sql: string[]) =>
    spawnSync("psql", [url, "-X", ...sql.flatMap((each) => ["-c", each])]);
  query(
    "create table t (id int primary key)",
    "insert into t values (1), (2)",
    "create role guest login password 'x' connection limit 0",
  );

  yield ran(81, "fatal none SQLSTATE_42P01", psql("select * from nowhere"));
  yield ran(82, "fatal none SQLSTATE_23505", psql("insert into t values (1)"));
  yield ran(
    77,
    "timeout none SQLSTATE_57014",
    psql("set statement_timeout = 50; select pg_sleep(9)"),
  );
  yield ran(
    83,
    "degraded none SQLSTATE_25006",
    psql("set transaction read only; insert into t values (9)"),
  );
  yield ran(
    80,
    "fatal none SQLSTATE_28P01",
    psql("select 1", Object.assign(new URL(url), { password: "wrong" }).href),
  );
  yield ran(
    80,
    "fatal none SQLSTATE_3D000",
    psql("select 1", Object.assign(new URL(url), { pathname: "/nowhere" }).href),
  );
  yield ran(
    76,
    "degraded none SQLSTATE_53300",
    psql("select 1", Object.assign(new URL(url), { username: "guest", password: "x" }).href),
  );
  yield ran(74, "transient none SQLSTATE_40P01", [
    "psql",
    url,
    "-Xv",
    "VERBOSITY=sqlstate",
    "-c",
    "do $$ begin raise exception sqlstate '40P01'; end $$",
  ]);

  const raise = "do $$ begin raise exception 'of our own' using errcode = 'XX999'; end $$";
  const file = join(folder(), "raise.sql");
  writeFileSync(file, raise);
  yield ran(72, "unknown unknown SQL_FAILED", ["psql", url, "-Xv", "ON_ERROR_STOP=1", "-f", file]);
  yield ran(
    79,
    "transient unknown CONNECTION_LOST",
    psql("select pg_terminate_backend(pg_backend_pid())"),
  );
  yield* transactions(url);
}

// Two connections in each other's way.
async function* transactions(url: string): AsyncGenerator<Shown> {
  const psql = (sql: string) => ["psql", url, "-Xc", sql];
  const holder = new pg.Client({ connectionString: url });
  const other = new pg.Client({ connectionString: url });
  // What ends their connections is a part of the show.
  for (const client of [holder, other]) client.on("error", () => undefined);
  await Promise.all([holder.connect(), other.connect()]);
  await holder.query("begin; update t set id = id where id = 1");
  yield await ran(
    75,
    "transient none SQLSTATE_55P03",
    psql("set lock_timeout = 50; update t set id = id where id = 1"),
  );
  await other.query("begin; set deadlock_timeout = 100; update t set id = id where id = 2");
  const waiting = holder.query("update t set id = id where id = 2");
  yield await threw(74, "transient none SQLSTATE_40P01", "pg, a real deadlock", async () => {
    await Promise.all([other.query("update t set id = id where id = 1"), waiting]);
  });
  await Promise.allSettled([holder.query("rollback"), other.query("rollback")]);

  await holder.query("begin isolation level serializable; select * from t");
  await other.query("update t set id = id where id = 1");
  yield await threw(74, "transient none SQLSTATE_40001", "pg, a lost race", () =>
    holder.query("update t set id = id where id = 1"),
  );
  await holder.query("rollback");

  const pid = ((await holder.query("select pg_backend_pid() as pid")).rows[0] as { pid: number })
    .pid;
  const asleep = holder.query("select pg_sleep(9)");
  yield await threw(78, "transient unknown SQLSTATE_57P01", "pg, terminated", async () => {
    await Promise.all([asleep, other.query(`select pg_terminate_backend(${pid})`)]);
  });
  const stranger = Object.assign(new URL(url), { password: "wrong" }).href;
  yield await threw(80, "fatal none SQLSTATE_28P01", "pg", () =>
    new pg.Client({ connectionString: stranger }).connect(),
  );
  await Promise.allSettled([holder.end(), other.end()]);
}

// All connections but none in reserve: then the next one is turned away.
async function* full(url: string): AsyncGenerator<Shown> {
  const clients: pg.Client[] = [];
  try {
    for (;;) {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => undefined);
      await client.connect();
      clients.push(client);
      if (clients.length > 300) break;
    }
  } catch {
    yield await ran(76, "degraded none SQLSTATE_53300", ["psql", url, "-Xc", "select 1"]);
  }
  await Promise.allSettled(clients.map((client) => client.end()));
}

export async function* redis(): AsyncGenerator<Shown> {
  const port = await freePort();
  const cli = (...words: string[]) => ["redis-cli", "-e", "-p", String(port), ...words];
  const does = (...words: string[]) => void spawnSync("redis-cli", ["-p", String(port), ...words]);
  const server = await startRedis(port);
  try {
    yield ran(49, "degraded none EADDRINUSE", [
      "redis-server",
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
    ]);
    does("set", "a", "1");
    does("config", "set", "maxmemory", "1");
    yield await ran(85, "degraded none REDIS_OOM", cli("set", "b", "2"));
    does("config", "set", "maxmemory", "0");
    does("replicaof", "127.0.0.1", "1");
    yield await ran(86, "degraded none REDIS_READONLY", cli("set", "b", "2"));
    does("config", "set", "replica-serve-stale-data", "no");
    yield await ran(87, "transient none REDIS_MASTERDOWN", cli("get", "a"));
    does("replicaof", "no", "one");
    does("config", "set", "busy-reply-threshold", "50");
    const busy = spawn("redis-cli", ["-p", String(port), "eval", "while true do end", "0"]);
    yield await untilBusy(() => ran(87, "transient none REDIS_BUSY", cli("get", "a")));
    does("script", "kill");
    await once(busy, "close");
    does("config", "set", "requirepass", "secret");
    yield await ran(84, "fatal none REDIS_NOAUTH", cli("get", "a"));
    yield await ran(84, "fatal none REDIS_WRONGPASS", cli("auth", "wrong"));
    server.kill("SIGSTOP");
    yield await ran(97, "timeout unknown EXIT_124", ["timeout", "0.3", ...cli("ping")]);
  } finally {
    server.kill("SIGCONT");
    server.kill();
    await once(server, "close");
  }
  yield ran(36, "degraded none ECONNREFUSED", cli("ping"));
}

async function startRedis(port: number): Promise<ChildProcess> {
  const server = spawn("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--dir",
    folder(),
  ]);
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept")) break;
  return server;
}

/** It takes a moment until a script counts as slow. */
async function untilBusy(ask: () => Promise<Shown>): Promise<Shown> {
  for (let tries = 0; ; tries++) {
    const shown = await ask();
    if (shown.found.includes("BUSY") || tries > 100) return shown;
  }
}
