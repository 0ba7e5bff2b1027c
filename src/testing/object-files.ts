/** Objects as files: each is replaced as a whole or not at all, and none is ever held in memory. */

import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  type ReadStream,
} from "node:fs";
import { join } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An object as it is listed. */
export interface StoredObject {
  readonly name: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** When it was stored, as an ISO date. */
  readonly modified: string;
}

/** A body that has arrived and is on disk, but not yet in its place. */
export interface Upload {
  readonly bytes: number;
  readonly sha256: string;
  /** Puts it in its place. */
  keep(): void;
  /** Throws it away. */
  discard(): void;
}

/** The objects under one directory. */
export class ObjectFiles {
  readonly #objects: string;
  readonly #arriving: string;
  /** Sums that are known. The files are the truth: after a restart they are summed again. */
  readonly #sums = new Map<string, string>();
  #uploads = 0;

  /** Makes what is missing, and throws away what had not arrived when a former store was killed. */
  constructor(directory: string) {
    this.#objects = join(directory, "objects");
    this.#arriving = join(directory, "arriving");
    mkdirSync(this.#objects, { recursive: true });
    rmSync(this.#arriving, { recursive: true, force: true });
    mkdirSync(this.#arriving);
  }

  /** Takes a body in. Rejects, and keeps nothing, when it ends too early. */
  async receive(name: string, body: Readable): Promise<Upload> {
    this.#uploads += 1;
    const path = join(this.#arriving, String(this.#uploads));
    const measure = new Measure();
    try {
      await pipeline(body, measure, createWriteStream(path, { flush: true }));
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    const sha256 = measure.sha256();
    return {
      bytes: measure.bytes,
      sha256,
      keep: () => {
        renameSync(path, this.#pathOf(name));
        this.#sums.set(name, sha256);
        this.#flushNames();
      },
      discard: () => rmSync(path, { force: true }),
    };
  }

  /** The object of that name, or `undefined`. */
  async find(name: string): Promise<StoredObject | undefined> {
    const stats = statSync(this.#pathOf(name), { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const sha256 = this.#sums.get(name) ?? (await this.#sum(name));
    return { name, size: stats.size, sha256, modified: stats.mtime.toISOString() };
  }

  /** The objects whose names begin with `prefix`, in the order of their names. */
  async list(prefix: string): Promise<StoredObject[]> {
    const names = readdirSync(this.#objects).map((file) => decodeURIComponent(file.slice(0, -1)));
    const matching = names.filter((name) => name.startsWith(prefix)).toSorted();
    const found = await Promise.all(matching.map((name) => this.find(name)));
    return found.filter((object) => object !== undefined);
  }

  /** The first `bytes` of an object; the stream has the file open before this returns. */
  read(name: string, bytes: number): ReadStream {
    const file = openSync(this.#pathOf(name), "r");
    return createReadStream("", { fd: file, end: bytes - 1 });
  }

  /** Removes an object; false when there is none. */
  remove(name: string): boolean {
    if (statSync(this.#pathOf(name), { throwIfNoEntry: false }) === undefined) return false;
    rmSync(this.#pathOf(name));
    this.#sums.delete(name);
    this.#flushNames();
    return true;
  }

  async #sum(name: string): Promise<string> {
    const measure = new Measure();
    measure.resume();
    await pipeline(createReadStream(this.#pathOf(name)), measure);
    this.#sums.set(name, measure.sha256());
    return measure.sha256();
  }

  /**
   * One flat file per object: nothing in a name leads out of the directory, and the object `a` does
   * not stand in the way of `a/b`. The tail keeps "." and ".." from being names of directories.
   */
  #pathOf(name: string): string {
    return join(this.#objects, `${encodeURIComponent(name)}~`);
  }

  /** A rename is on disk once the directory is. */
  #flushNames(): void {
    // Windows cannot flush a directory.
    if (process.platform === "win32") return;
    const directory = openSync(this.#objects, "r");
    fsyncSync(directory);
    closeSync(directory);
  }
}

/** Passes bytes on, counted and summed. */
class Measure extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha256");
  #sha256: string | undefined;

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    this.push(chunk);
    done();
  }

  sha256(): string {
    this.#sha256 ??= this.#hash.digest("hex");
    return this.#sha256;
  }
}
