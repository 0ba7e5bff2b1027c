/** What a file is made of, as bytes, one piece after the other. */

/** What a file may be made of. Text is written as UTF-8; a stream is read to its end. */
export type FileContent =
  | string
  | Uint8Array
  | AsyncIterable<string | Uint8Array>
  | ReadableStream<string | Uint8Array>;

/**
 * Throws the signal's reason once that aborts, also while a stream gives nothing; the stream is let go
 * of then, and whenever it is not read to its end.
 *
 * @yields The pieces as they come.
 */
export async function* bytesOf(
  content: FileContent,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (typeof content === "string" || content instanceof Uint8Array) return yield toBytes(content);
  const pieces = iteratorOf(content);
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await nextOf(pieces, signal);
      isOver = done === true;
      if (isOver) return;
      yield toBytes(value);
    }
  } finally {
    if (!isOver) letGo(content, pieces);
  }
}

/** The next piece, or the abort, whichever comes first. Leaves no listener behind. */
function nextOf(
  pieces: AsyncIterator<unknown>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop);
    const forget = () => signal?.removeEventListener("abort", stop);
    pieces.next().then(resolve, reject).then(forget, forget);
  });
}

function iteratorOf(content: unknown): AsyncIterator<unknown> {
  const isStream =
    typeof content === "object" && content !== null && Symbol.asyncIterator in content;
  if (isStream) return (content as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  throw new TypeError("The content of a file must be text, bytes, or a stream of them");
}

/** Nobody waits for it: one that hangs would hang here too. */
function letGo(content: object, pieces: AsyncIterator<unknown>): void {
  // A stream of Node's that is in the middle of a read does not hear of its iterator's end.
  if ("destroy" in content && typeof content.destroy === "function") content.destroy();
  pieces.return?.().catch(() => {
    // Why the file was not written is known.
  });
}

function toBytes(piece: unknown): Uint8Array {
  if (typeof piece === "string") return Buffer.from(piece);
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError("The stream of a file's content must give text or bytes");
}
