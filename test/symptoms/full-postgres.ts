/** A real Postgres whose data lie on a disk of 64 MB, which a table fills. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findBinaries, placeBinaries } from "../postgres/binaries.ts";
import { freePort } from "../free-port.ts";
import { folder, missing, ran, type Shown } from "./stage.ts";

/**
 * The disk is mounted as root of a namespace. The server refuses root and asks for its user's name, so it
 * runs in one more as nobody, whom every system knows.
 */
const ON_SMALL_DISK = `
mount -t tmpfs -o size=64m,mode=777 symptoms "$1" || exit 250
exec unshare -U --map-user=65534 --map-group=65534 sh -c '
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --wal-segsize=1 >/dev/null || exit 251
exec "$2/postgres" -D "$1/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
  -c autovacuum=off -c max_wal_size=2MB -c shared_buffers=8MB' sh "$@"`;

export async function* fullPostgres(): AsyncGenerator<Shown> {
  const found = findBinaries();
  if ("missing" in found) return yield* missing([11], found.missing);
  const room = folder();
  const [native, disk] = [join(room, "native"), join(room, "disk")];
  placeBinaries(found.folder, native);
  mkdirSync(disk);
  const port = await freePort();
  const server = spawn(
    "unshare",
    ["-rm", "sh", "-c", ON_SMALL_DISK, "sh", disk, join(native, "bin"), String(port)],
    {
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const closed = once(server, "close");
  try {
    await ready(server);
    // Nothing of it goes through the log of writes, so that the server itself lives on.
    const fill =
      "create unlogged table t as select repeat(md5(i::text), 20) from generate_series(1, 1000000) i";
    const psql = (...words: string[]) => [
      "psql",
      `postgres://postgres@127.0.0.1:${port}/postgres`,
      "-X",
      ...words,
    ];
    yield await ran(11, "degraded none SQLSTATE_53100", psql("-c", fill));
    yield await ran(
      11,
      "degraded none SQLSTATE_53100",
      psql("-v", "VERBOSITY=verbose", "-c", fill),
    );
    const script = `set -e; "$@"`;
    yield await ran(11, "degraded unknown SQLSTATE_53100", [
      "sh",
      "-c",
      script,
      "sh",
      ...psql("-c", fill),
    ]);
  } finally {
    server.kill();
    await closed;
  }
}

async function ready(server: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of server.stderr ?? []) {
    said += String(chunk);
    if (said.includes("ready to accept")) {
      server.stderr?.resume();
      return;
    }
  }
  throw new Error(`The Postgres server ended: ${said}`);
}
