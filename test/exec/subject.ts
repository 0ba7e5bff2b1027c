/** A command that does what its argument says: writes, waits, leaves others behind, and ends. */

import { spawn } from "node:child_process";
import { appendFileSync, readSync, writeSync } from "node:fs";
import { chunksOf } from "./bytes.ts";
import type { Deed } from "./case.ts";

const deed = JSON.parse(process.argv[2] ?? "{}") as Deed;
const clock = new Int32Array(new SharedArrayBuffer(4));
const pauseMs = (ms: number) => Atomics.wait(clock, 0, 0, ms);

function write(descriptor: number, chunk: Buffer): void {
  for (let done = 0; done < chunk.length;) {
    try {
      done += writeSync(descriptor, chunk, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      pauseMs(1);
    }
  }
}

function* inputChunks(): Generator<Buffer> {
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    try {
      const length = readSync(0, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      pauseMs(1);
    }
  }
}

if (deed.ignoresTerm) process.on("SIGTERM", () => undefined);
if (deed.leaves !== undefined) {
  const { pidFile, isDetached } = deed.leaves;
  // It holds our streams, as a daemon does that was not told otherwise.
  const left = spawn("sleep", ["600"], { stdio: "inherit", detached: isDetached });
  appendFileSync(pidFile, `${left.pid}\n`);
  left.unref();
}
if (deed.echoes) for (const chunk of inputChunks()) write(1, chunk);
const streams = [
  { descriptor: 1, chunks: chunksOf(deed.stdout) },
  { descriptor: 2, chunks: chunksOf(deed.stderr) },
];
// In turns: a reader that waits for one of the two to end would hang.
for (let open = streams; open.length > 0;) {
  open = open.filter(({ descriptor, chunks }) => {
    const { value, done } = chunks.next();
    if (done !== true) write(descriptor, value);
    if (deed.slowMs > 0) pauseMs(deed.slowMs);
    return done !== true;
  });
}
if (deed.staysFor !== undefined) {
  setInterval(() => undefined, deed.staysFor);
} else if (deed.signal !== undefined) {
  process.kill(process.pid, deed.signal);
  // It is delivered in its own time.
  setInterval(() => undefined, 1_000);
} else {
  process.exit(deed.exitCode);
}
