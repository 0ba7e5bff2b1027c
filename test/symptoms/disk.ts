/** Full disks, read-only ones and files in use, each in a small file system of its own. */

import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folder, ran, threw, type Run, type Shown } from "./stage.ts";

const FULL = "degraded partial ENOSPC";

const full = (prepare = ""): Run => ({ disk: { kind: "bytes", prepare } });

export async function* disk(): AsyncGenerator<Shown> {
  const big = join(folder(), "big");
  writeFileSync(big, randomBytes(2e6));
  const sh = (script: string) => ["sh", "-c", script];

  yield ran(
    1,
    "degraded partial ENOSPC",
    [process.execPath, "-e", 'require("fs").writeFileSync("a", "x".repeat(2e6))'],
    full(),
  );
  yield ran(2, FULL, ["cp", big, "copy"], full());
  yield ran(2, FULL, ["dd", `if=${big}`, "of=copy"], full());
  yield ran(2, FULL, ["mv", big, "moved"], full(`cp "${big}" ../never || true`));
  yield ran(2, FULL, sh(`tee copy < "${big}" > /dev/null`), full());
  yield ran(3, FULL, ["tar", "-cf", "a.tar", big], full());
  yield ran(4, FULL, sh(`gzip -1c "${big}" > a.gz`), full());
  yield ran(5, FULL, ["rsync", big, "copy"], full());
  yield ran(6, FULL, ["curl", "-sS", "-o", "copy", pathToFileURL(big).href], full());
  yield ran(7, FULL, sh("echo hello > full; echo more >> full"), full());
  yield ran(
    8,
    "degraded none SQLITE_FULL",
    ["sqlite3", "a.db", "insert into t values (randomblob(2000000))"],
    full("sqlite3 a.db 'create table t (x)'"),
  );
  yield ran(9, FULL, ["git", "add", "big"], full(`git init -q; head -c 300000 /dev/urandom > big`));
  const project = folder();
  writeFileSync(join(project, "package.json"), '{"name":"x","version":"1.0.0"}');
  cpSync(big, join(project, "big"));
  const npm = ["npm", `--cache=${folder()}`, "--no-update-notifier"];
  yield ran(10, FULL, [...npm, "pack", project], full());
  yield ran(10, FULL, [...npm, "install", "--cache=cache", project], full());
  yield ran(12, "degraded partial INODES_EXHAUSTED", ["touch", "one-more"], {
    disk: { kind: "inodes" },
  });
  yield ran(15, "fatal none EROFS", ["touch", "new"], {
    disk: { kind: "roomy", prepare: "mount -o remount,ro symptoms ." },
  });
  yield ran(17, "transient none EBUSY", ["umount", "."], { disk: { kind: "roomy" } });
  yield ran(13, "fatal none NAMESPACE_LIMIT", ["unshare", "-r", "true"], {
    disk: { kind: "roomy", prepare: "echo 0 > /proc/sys/user/max_user_namespaces" },
  });

  const busy = join(folder(), "busy");
  cpSync("/bin/sleep", busy);
  const running = spawn(busy, ["60"]);
  await once(running, "spawn");
  yield await ran(18, "transient none ETXTBSY", ["cp", "/bin/true", busy]);
  running.kill();

  const room = folder();
  mkdirSync(join(room, "taken"));
  writeFileSync(join(room, "taken/file"), "");
  yield ran(114, "degraded none ENOTEMPTY", ["rmdir", join(room, "taken")]);
  yield ran(114, "degraded none EEXIST", ["mkdir", join(room, "taken")]);
  yield ran(115, "fatal none ENOTDIR", ["cat", join(room, "taken/file/x")]);
  yield ran(115, "fatal none ENAMETOOLONG", ["touch", join(room, "x".repeat(300))]);
  yield ran(68, "fatal none ENOENT", ["cat", join(room, "nowhere")]);

  const file = join(room, "locked.db");
  const holder = new DatabaseSync(file);
  holder.exec("create table t (x); begin exclusive");
  yield await ran(20, "transient none SQLITE_BUSY", ["sqlite3", file, "insert into t values (1)"]);
  yield await threw(20, "transient none SQLITE_BUSY", "node:sqlite, insert", () => {
    using other = new DatabaseSync(file, { timeout: 0 });
    other.exec("insert into t values (1)");
  });
  holder.close();
}
