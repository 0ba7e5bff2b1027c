/** What the kernel refuses: ports, processes, memory, reads, and connections without a network. */

import { cpSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, missing, ran, type Shown } from "./stage.ts";

const node = process.execPath;

/** In a network of its own, where the first ports are root's as nowhere else for sure, and without any right. */
const BARE = ["unshare", "-rn", "setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/** As somebody who has no other process: the limit counts all of a user's. */
const ALONE =
  process.getuid?.() === 0 ? ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"] : [];

export async function* limits(): AsyncGenerator<Shown> {
  yield ran(16, "fatal unknown EIO", ["cat", "/proc/self/mem"]);
  yield ran(16, "fatal unknown EIO", ["sh", "-c", "cat /proc/self/mem > /dev/null; exit 3"]);
  const listen = 'require("net").createServer().listen(80)';
  yield ran(50, "fatal unknown EACCES", [...BARE, node, "-e", listen]);
  yield ran(50, "fatal none EACCES", [...BARE, "nc", "-l", "80"]);
  const oneOnly = [...ALONE, "prlimit", "--nproc=1"];
  yield ran(53, "degraded unknown EAGAIN", [...oneOnly, "sh", "-c", "true | true"]);
  yield ran(53, "degraded none EAGAIN", [...oneOnly, placedNode(), "-e", "1"]);
  yield* outOfMemory();
  const connect = 'require("net").connect(1, "10.0.0.1")';
  yield ran(45, "transient unknown ENETUNREACH", ["unshare", "-rn", node, "-e", connect]);
  yield ran(45, "transient none ENETUNREACH", [
    "unshare",
    "-rn",
    "wget",
    "-t1",
    "-O-",
    "http://10.0.0.1/",
  ]);
  const file = join(folder(), "file");
  writeFileSync(file, "");
  const rename = `require("fs").renameSync(${JSON.stringify(file)}, "moved")`;
  yield ran(113, "fatal unknown EXDEV", [node, "-e", rename], { disk: { kind: "roomy" } });
  yield ran(113, "fatal none EXDEV", ["ln", file, "linked"], { disk: { kind: "roomy" } });
}

/** Node, where everybody may run it. */
function placedNode(): string {
  const place = join(folder("755"), "node");
  cpSync(node, place);
  return place;
}

/** Where groups of processes are, and what bounds the memory of one: of both kinds of them. */
const HIERARCHIES = [
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
  ["/sys/fs/cgroup", "memory.max"],
] as const;

// A new group, that holds this one process and is gone afterwards: no other is touched.
async function* outOfMemory(): AsyncGenerator<Shown> {
  const group = smallGroup();
  if (group === undefined) return yield* missing([54], "a group with a memory limit");
  const eats = `echo $$ > "$0/cgroup.procs" && exec python3 -c "x = b'x' * 10**9"`;
  try {
    yield await ran(54, "degraded unknown OUT_OF_MEMORY", ["sh", "-c", eats, group], {
      counts: true,
    });
  } finally {
    rmdirSync(group);
  }
}

function smallGroup(): string | undefined {
  for (const [root, limit] of HIERARCHIES) {
    const group = join(root, `holdfast-symptoms-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue; // Not ours to make, or no such hierarchy.
    }
    if (existsSync(join(group, limit))) {
      writeFileSync(join(group, limit), "67108864");
      const swap = join(group, "memory.swap.max");
      if (existsSync(swap)) writeFileSync(swap, "0");
      return group;
    }
    rmdirSync(group);
  }
  return undefined;
}
