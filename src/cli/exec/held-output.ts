/**
 * Output that is held back until it is known whether anybody wants to see it. What it holds is bounded:
 * some of it in memory, more in a temporary file without a name, and beyond that it is counted only.
 */

import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { callbackify } from "node:util";
import { formatBytes } from "../../core/size.ts";

/** How much is held where, in bytes. */
export interface Room {
  readonly memory: number;
  readonly total: number;
}

const ROOM: Room = { memory: 4 * 2 ** 20, total: 2 ** 30 };

/** How much is read back at a time. */
const BLOCK_BYTES = 65_536;

type Name = "stdout" | "stderr";

/** See the header. */
export class HeldOutput {
  readonly stdout = this.#taker("stdout");
  readonly stderr = this.#taker("stderr");
  readonly #room: Room;
  readonly #targets: Readonly<Record<Name, Writable>>;
  /** Which stream the bytes belong to, in the order in which they came. */
  readonly #order: { readonly name: Name; bytes: number }[] = [];
  #memory: Buffer[] = [];
  #file: number | undefined;
  #bytes = 0;
  #lost = 0;
  /** Where it cannot be held any more, it goes on as if nobody had asked. */
  #isOpen = false;

  constructor(targets: Readonly<Record<Name, Writable>>, room: Room = ROOM) {
    this.#targets = targets;
    this.#room = room;
  }

  /** Hands on all that is held, in the order in which it came. */
  async release(): Promise<void> {
    let at = 0;
    for (const { name, bytes } of this.#order) {
      for (const end = at + bytes; at < end;) {
        const block = this.#read(at, Math.min(BLOCK_BYTES, end - at));
        at += block.length;
        await written(this.#targets[name], block);
      }
    }
    if (this.#lost > 0) {
      const lost = `holdfast: ${formatBytes(this.#lost)} more of the output were not kept\n`;
      await written(this.#targets.stderr, Buffer.from(lost));
    }
    this.drop();
  }

  /** Forgets what is held. */
  drop(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#memory = [];
    this.#order.length = 0;
    this.#bytes = 0;
    this.#lost = 0;
  }

  #taker(name: Name): Writable {
    const take = callbackify((chunk: Buffer) => this.#take(name, chunk));
    return new Writable({ write: (chunk: Buffer, _encoding, done) => take(chunk, done) });
  }

  async #take(name: Name, chunk: Buffer): Promise<void> {
    if (this.#isOpen) return written(this.#targets[name], chunk);
    const kept = chunk.subarray(0, Math.max(0, this.#room.total - this.#bytes));
    this.#lost += chunk.length - kept.length;
    if (kept.length === 0) return;
    try {
      this.#keep(kept);
    } catch {
      // The disk is full: what cannot be held back is shown.
      this.#isOpen = true;
      await this.release();
      return written(this.#targets[name], chunk);
    }
    this.#bytes += kept.length;
    const last = this.#order.at(-1);
    if (last?.name === name) last.bytes += kept.length;
    else this.#order.push({ name, bytes: kept.length });
  }

  #keep(chunk: Buffer): void {
    if (this.#file === undefined && this.#bytes + chunk.length <= this.#room.memory) {
      this.#memory.push(chunk);
      return;
    }
    if (this.#file === undefined) {
      const file = openNameless();
      try {
        writeAt(file, Buffer.concat(this.#memory), 0);
      } catch (error) {
        closeSync(file);
        throw error;
      }
      this.#file = file;
      this.#memory = [];
    }
    writeAt(this.#file, chunk, this.#bytes);
  }

  #read(at: number, length: number): Buffer {
    if (this.#file === undefined) {
      if (this.#memory.length > 1) this.#memory = [Buffer.concat(this.#memory)];
      return (this.#memory[0] as Buffer).subarray(at, at + length);
    }
    const block = Buffer.alloc(length);
    return block.subarray(0, readSync(this.#file, block, 0, length, at));
  }
}

/** Gone by itself when this process ends, however that is. */
function openNameless(): number {
  const path = join(tmpdir(), `holdfast-${randomUUID()}`);
  const file = openSync(path, "wx+", 0o600);
  rmSync(path);
  return file;
}

function writeAt(file: number, chunk: Buffer, position: number): void {
  for (let done = 0; done < chunk.length;) {
    done += writeSync(file, chunk, done, chunk.length - done, position + done);
  }
}

/** Whoever reads may have gone: then there is nobody to tell. */
function written(target: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (target.destroyed) resolve();
    else target.write(chunk, () => resolve());
  });
}
