/** Signals, limits, and commands that cannot be started. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, held, ran, type Shown } from "./stage.ts";

export async function* processes(): AsyncGenerator<Shown> {
  const room = folder();
  const node = process.execPath;
  const sh = (script: string) => ["sh", "-c", script];
  const plain = join(room, "plain");
  writeFileSync(plain, "echo\n");

  const lock = join(room, "lock");
  const release = await held("flock", lock, "sh", "-c", "echo held; exec sleep 60");
  yield await ran(19, "transient none LOCK_TAKEN", ["flock", "-n", "-E", "75", lock, "true"]);
  yield await ran(19, "transient unknown LOCK_TAKEN", ["flock", "-n", lock, "true"]);
  await release();

  const many = Array.from({ length: 20 }, () => plain);
  yield ran(52, "degraded partial EMFILE", ["prlimit", "--nofile=10", "paste", ...many]);
  yield ran(55, "degraded unknown HEAP_OUT_OF_MEMORY", [
    node,
    "--max-old-space-size=16",
    "-e",
    "const a = []; for (;;) a.push({})",
  ]);
  yield ran(56, "degraded partial ENOMEM", [
    "prlimit",
    "--as=200000000",
    "python3",
    "-c",
    "x = 'x' * 10**9",
  ]);
  yield ran(57, "transient unknown SIGKILL", ["sleep", "60"], { kill: "SIGKILL" });
  yield ran(57, "transient unknown SIGKILL", sh("sh -c 'kill -9 $$'; exit $?"));
  yield ran(58, "fatal unknown SIGTERM", ["sleep", "60"], { kill: "SIGTERM" });
  yield ran(59, "fatal unknown SIGINT", ["sleep", "60"], { kill: "SIGINT" });
  yield ran(60, "fatal unknown SIGSEGV", ["sleep", "60"], { kill: "SIGSEGV" });
  yield ran(60, "fatal unknown SIGABRT", [node, "-e", "process.abort()"]);
  yield ran(61, "unknown partial SIGPIPE", ["bash", "-c", "set -o pipefail; yes | head -1"]);
  yield ran(62, "fatal partial SIGXFSZ", [
    "prlimit",
    "--fsize=1000",
    "dd",
    "if=/dev/zero",
    `of=${room}/big`,
    "count=9",
  ]);
  yield ran(62, "fatal partial SIGXCPU", [
    "prlimit",
    "--cpu=1:5",
    "sh",
    "-c",
    "while :; do :; done",
  ]);
  yield ran(63, "timeout unknown EXIT_124", ["timeout", "0.1", "sleep", "60"]);
  yield ran(64, "fatal none ENOENT", ["no-such-command"]);
  yield ran(64, "fatal none EXIT_127", sh("no-such-command"));
  yield ran(65, "fatal none EACCES", [plain]);
  yield ran(65, "fatal none EXIT_126", sh(`"${plain}"`));
  yield ran(66, "fatal none E2BIG", ["echo", "x".repeat(200_000)]);
  chmodSync(plain, 0o755);
  yield ran(67, "fatal unknown ERR_ACCESS_DENIED", [
    node,
    "--permission",
    "-e",
    `require("fs").readFileSync("${plain}")`,
  ]);
  yield* bugs();
  yield ran(96, "fatal none NO_SYSTEMD", ["systemctl", "--user", "is-active", "x"], {
    env: { XDG_RUNTIME_DIR: room, DBUS_SESSION_BUS_ADDRESS: `unix:path=${room}/none` },
  });
}

async function* bugs(): AsyncGenerator<Shown> {
  yield ran(119, "fatal unknown PROGRAM_BUG", ["bash", "-uc", "echo $nope"]);
  yield ran(119, "fatal unknown PROGRAM_BUG", ["python3", "-c", "{}['x']"]);
  yield ran(119, "fatal unknown PROGRAM_BUG", [process.execPath, "-e", "null.x"]);
  // What follows from a failure is not the failure.
  yield ran(36, "degraded unknown ECONNREFUSED", [
    "bash",
    "-c",
    "curl -sSf http://127.0.0.1:1/ | tar xz",
  ]);
}
