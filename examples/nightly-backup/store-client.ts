/**
 * The object store, over HTTP. Each request is bounded in time and goes through one breaker; how
 * often it is attempted is the steps' affair, for they know how to look whether it took effect.
 */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { breaker, expectOk, pipeline, timeout } from "holdfast";
import { contentIn, replaceFile, type Content } from "./files.ts";

/** A store that moves fewer bytes than these in a millisecond (1 MB/s) counts as stalled. */
const BYTES_PER_MS = 1_000;

/** An object as it is listed. */
export interface StoredObject extends Content {
  readonly name: string;
}

/** How an object is uploaded. */
export interface Upload extends Content {
  /** The file that it is. */
  readonly path: string;
  /** Lets the store tell a repeated request from a new one. */
  readonly key: string;
  readonly signal: AbortSignal;
}

interface StoreRequest {
  readonly method: "PUT" | "GET" | "HEAD" | "DELETE";
  readonly path: string;
  /** How many bytes go one way or the other. */
  readonly bytes?: number;
  readonly headers?: Record<string, string>;
  /** Opens what is sent. */
  readonly body?: () => ReadableStream;
  readonly signal: AbortSignal;
}

/** Objects by name. */
export class StoreClient {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #breaker = breaker("object store", { failures: 5, pause: "10s" });

  constructor({ store, timeoutMs }: { readonly store: string; readonly timeoutMs: number }) {
    this.#url = store;
    this.#timeoutMs = timeoutMs;
  }

  /** Stores a file under `name`, in place of what was there. */
  async put(name: string, { path, bytes, sha256, key, signal }: Upload): Promise<void> {
    const headers = {
      "content-length": String(bytes),
      "x-content-sha256": sha256,
      "idempotency-key": key,
    };
    const body = () => Readable.toWeb(createReadStream(path)) as ReadableStream;
    await this.#ask({ method: "PUT", path: toPath(name), bytes, headers, body, signal }, drain);
  }

  /** What is stored under `name`, or `null`. */
  find(name: string, signal: AbortSignal): Promise<Content | null> {
    return this.#ask({ method: "HEAD", path: toPath(name), signal }, (response) => {
      if (response.status === 404) return null;
      const { headers } = expectOk(response);
      const sha256 = (headers.get("etag") ?? "").replaceAll('"', "");
      return { bytes: Number(headers.get("content-length")), sha256 };
    });
  }

  /** Reads an object to its end, and tells what came. */
  read({ name, bytes }: StoredObject, signal: AbortSignal): Promise<Content> {
    return this.#ask({ method: "GET", path: toPath(name), bytes, signal }, (response) =>
      contentIn(bodyOf(expectOk(response))),
    );
  }

  /** Reads an object into the file `path`. */
  download({ name, bytes }: StoredObject, path: string, signal: AbortSignal): Promise<Content> {
    return this.#ask({ method: "GET", path: toPath(name), bytes, signal }, (response, limited) =>
      replaceFile(path, bodyOf(expectOk(response)), limited),
    );
  }

  /** Removes an object; that there is none is as good. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    await this.#ask({ method: "DELETE", path: toPath(name), signal }, async (response) => {
      if (response.status === 404) await response.arrayBuffer();
      else await drain(response);
    });
  }

  /** The objects whose names begin with `prefix`, in the order of their names. */
  async list(prefix: string, signal: AbortSignal): Promise<StoredObject[]> {
    const path = `/objects/?prefix=${encodeURIComponent(prefix)}`;
    const listed = await this.#ask({ method: "GET", path, signal }, (response) =>
      expectOk(response).json(),
    );
    const objects = listed as { name: string; size: number; sha256: string }[];
    return objects.map(({ name, size, sha256 }) => ({ name, bytes: size, sha256 }));
  }

  /** One request. The limit holds until `read` is done with the answer, and not only until it comes. */
  #ask<Value>(
    request: StoreRequest,
    read: (response: Response, signal: AbortSignal) => Value | Promise<Value>,
  ): Promise<Value> {
    const { method, path, bytes = 0, headers = {}, body } = request;
    const limitMs = Math.ceil(this.#timeoutMs + bytes / BYTES_PER_MS);
    const guard = pipeline(this.#breaker, timeout(limitMs, { name: `${method} ${path}` }));
    return guard.run(
      async ({ signal }) => {
        const sent = body === undefined ? {} : { body: body(), duplex: "half" as const };
        const response = await fetch(`${this.#url}${path}`, { method, headers, signal, ...sent });
        return read(response, signal);
      },
      { signal: request.signal },
    );
  }
}

function toPath(name: string): string {
  return `/objects/${name.split("/").map(encodeURIComponent).join("/")}`;
}

/** A connection is free again when its answer was read. */
async function drain(response: Response): Promise<void> {
  await expectOk(response).arrayBuffer();
}

/** Read as it is: a `Readable` made of it may fail before anybody listens, and that ends the process. */
function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body as ReadableStream<Uint8Array> | null) ?? Readable.from([]);
}
