// Errors as Node, undici, SQLite and commands really throw them: their shapes are theirs to change,
// so they are made here by the real thing, on loopback and in a folder of their own.
import { execFile, execFileSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import {
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultOf } from "../src/classify/classify.ts";
import { expectOk } from "../src/classify/http.ts";
import type { Effect, FaultClass } from "../src/core/fault.ts";

const run = promisify(execFile);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-faults-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function faultBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return faultOf(error);
  }
  throw new Error("nothing was thrown");
}

/** Serves on a free port of loopback while `work` runs. */
async function serving<Value>(
  server: Server,
  work: (port: number) => Promise<Value>,
): Promise<Value> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A port where nobody listens: one that was free a moment ago. */
const closedPort = (): Promise<number> => serving(createServer(), async (port) => port);

type Row = [
  name: string,
  work: () => unknown,
  faultClass: FaultClass,
  code: string,
  effect: Effect,
];

test.for<Row>([
  [
    "a closed port",
    async () => fetch(`http://127.0.0.1:${await closedPort()}/`),
    "degraded",
    "ECONNREFUSED",
    "none",
  ],
  [
    "a closed port of both address families",
    async () => fetch(`http://localhost:${await closedPort()}/`),
    "degraded",
    "ECONNREFUSED",
    "none",
  ],
  ["an unknown scheme", () => fetch("gopher://127.0.0.1/"), "unknown", "FETCH_FAILED", "unknown"],
  [
    "an aborted fetch",
    () => fetch("http://127.0.0.1:9/", { signal: AbortSignal.abort() }),
    "fatal",
    "ABORTED",
    "unknown",
  ],
  ["JSON that is cut off", () => JSON.parse('{"a":'), "fatal", "SYNTAX_ERROR", "unknown"],
  ["JSON of a response", () => new Response("<html>").json(), "fatal", "SYNTAX_ERROR", "unknown"],
  ["what is no URL", () => new URL("nowhere"), "fatal", "ERR_INVALID_URL", "none"],
  [
    "a property of nothing",
    () => (undefined as unknown as { x: number }).x,
    "fatal",
    "TYPE_ERROR",
    "unknown",
  ],
  ["what cannot be cloned", () => structuredClone(() => 1), "fatal", "DATA_CLONE_ERROR", "unknown"],
  ["a missing file", () => readFile(join(folder, "missing")), "fatal", "ENOENT", "none"],
  ["a folder read as a file", () => readFile(folder), "fatal", "EISDIR", "none"],
  [
    "a file used as a folder",
    async () => {
      await writeFile(join(folder, "file"), "");
      await readFile(join(folder, "file", "x"));
    },
    "fatal",
    "ENOTDIR",
    "none",
  ],
  ["a file that exists", () => open(folder, "wx"), "degraded", "EEXIST", "none"],
  [
    "a folder that is not empty",
    async () => {
      await mkdir(join(folder, "full", "inside"), { recursive: true });
      await rmdir(join(folder, "full"));
    },
    "degraded",
    "ENOTEMPTY",
    "none",
  ],
  [
    "links in a circle",
    async () => {
      await symlink(join(folder, "loop"), join(folder, "loop"));
      await readFile(join(folder, "loop"));
    },
    "fatal",
    "ELOOP",
    "none",
  ],
  [
    "a name that is too long",
    () => rename(folder, join(folder, "x".repeat(300))),
    "fatal",
    "ENAMETOOLONG",
    "none",
  ],
  ["a full disk", () => writeFile("/dev/full", "x"), "degraded", "ENOSPC", "partial"],
  [
    "a host of the reserved name",
    () => lookup("nowhere.invalid"),
    "transient",
    "ENOTFOUND",
    "none",
  ],
  ["a command that is not there", () => run("no-such-command"), "fatal", "ENOENT", "none"],
  [
    "a command that a shell cannot find",
    () => run("sh", ["-c", "no-such-command"]),
    "fatal",
    "EXIT_127",
    "none",
  ],
  ["a command that fails", () => run("sh", ["-c", "exit 3"]), "unknown", "EXIT_3", "unknown"],
  [
    "a command killed by somebody",
    () => run("sh", ["-c", "kill -9 $$"]),
    "transient",
    "SIGKILL",
    "unknown",
  ],
  [
    "a command over its time",
    () => run("sleep", ["5"], { timeout: 30 }),
    "timeout",
    "TIMED_OUT",
    "unknown",
  ],
  [
    "a command aborted by a time limit",
    () => run("sleep", ["5"], { signal: AbortSignal.timeout(30) }),
    "timeout",
    "TIMED_OUT",
    "unknown",
  ],
  [
    "a command with too much output",
    () => run("sh", ["-c", "echo 123456789"], { maxBuffer: 4 }),
    "fatal",
    "ERR_CHILD_PROCESS_STDIO_MAXBUFFER",
    "unknown",
  ],
  [
    "a synchronous command that fails",
    () => execFileSync("sh", ["-c", "exit 126"], { stdio: "ignore" }),
    "fatal",
    "EXIT_126",
    "none",
  ],
  [
    "a synchronous command over its time",
    () => execFileSync("sleep", ["5"], { timeout: 30 }),
    "timeout",
    "ETIMEDOUT",
    "unknown",
  ],
])("%s", async ([, work, faultClass, code, effect]) => {
  // The reserved name is asked of the resolver; without one it says "again" instead.
  const fault = await faultBy(work);

  expect(code === "ENOTFOUND" ? { ...(fault as object), code } : fault).toEqual({
    class: faultClass,
    code,
    effect,
  });
});

test("a connection that is reset", async () => {
  const server = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));

  const fault = await serving(server, (port) => faultBy(() => fetch(`http://127.0.0.1:${port}/`)));

  expect(fault).toEqual({ class: "transient", code: "ECONNRESET", effect: "unknown" });
});

test("a connection that is closed without an answer", async () => {
  const server = createServer((socket) => socket.once("data", () => socket.end()));

  const fault = await serving(server, (port) => faultBy(() => fetch(`http://127.0.0.1:${port}/`)));

  expect(fault).toEqual({ class: "transient", code: "UND_ERR_SOCKET", effect: "unknown" });
});

test("a body that is cut short", async () => {
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("half", () => response.destroy());
  });

  const fault = await serving(server, (port) =>
    faultBy(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
  );

  expect(fault).toEqual({ class: "transient", code: "UND_ERR_SOCKET", effect: "unknown" });
});

test("a server that does not answer in time", async () => {
  const signal = AbortSignal.timeout(30);

  const fault = await serving(createServer(), (port) =>
    faultBy(() => fetch(`http://127.0.0.1:${port}/`, { signal })),
  );

  expect(fault).toEqual({ class: "timeout", code: "TIMED_OUT", effect: "unknown" });
});

test("a 503 with Retry-After, through fetch", async () => {
  const server = createHttpServer((_, response) => {
    response.writeHead(503, { "Retry-After": "3" });
    response.end("later");
  });

  const fault = await serving(server, (port) =>
    faultBy(async () => expectOk(await fetch(`http://127.0.0.1:${port}/`))),
  );

  expect(fault).toEqual({
    class: "degraded",
    code: "HTTP_503",
    effect: "none",
    retryAfterMs: 3_000,
  });
});

test("a port that is taken", async () => {
  const fault = await serving(createServer(), (port) =>
    faultBy(
      () =>
        new Promise((_, reject) => {
          createServer().once("error", reject).listen(port, "127.0.0.1");
        }),
    ),
  );

  expect(fault).toEqual({ class: "degraded", code: "EADDRINUSE", effect: "none" });
});

test("a database that another connection has locked, and one that is no database", async () => {
  const path = join(folder, "locked.db");
  const holder = new DatabaseSync(path);
  holder.exec("CREATE TABLE t (x); BEGIN EXCLUSIVE");
  const other = new DatabaseSync(path, { timeout: 0 });
  await writeFile(join(folder, "text.db"), "this is no database, but a text that is long enough");
  const text = new DatabaseSync(join(folder, "text.db"));

  const faults = [
    await faultBy(() => other.exec("INSERT INTO t VALUES (1)")),
    await faultBy(() => text.exec("SELECT * FROM sqlite_master")),
    await faultBy(() => holder.exec("SELECT * FROM missing")),
  ];
  for (const database of [holder, other, text]) database.close();

  expect(faults).toEqual([
    { class: "transient", code: "SQLITE_BUSY", effect: "none" },
    { class: "fatal", code: "SQLITE_NOTADB", effect: "none" },
    { class: "fatal", code: "SQLITE_ERROR", effect: "none" },
  ]);
});
