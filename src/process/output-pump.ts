/**
 * Carries one output stream of a command on, no faster than its reader takes it, and keeps the last of
 * it.
 */

import type { Readable, Writable } from "node:stream";
import type { LineSplitter } from "./line-splitter.ts";
import type { Tail } from "./tail.ts";

/** Where the bytes go. */
export interface PumpTargets {
  readonly tail: Tail;
  /** Is written to and not ended. */
  readonly writable?: Writable | undefined;
  readonly lines?: LineSplitter | undefined;
  /** Called for each chunk. */
  readonly heard: () => void;
}

/** See the header. */
export class OutputPump {
  readonly #source: Readable;
  readonly #targets: PumpTargets;
  /** Settles once there is nothing more to come. Never rejects. */
  readonly ended: Promise<void>;
  #error: NodeJS.ErrnoException | undefined;
  #isEnded = false;

  constructor(source: Readable, targets: PumpTargets) {
    this.#source = source;
    this.#targets = targets;
    this.ended = new Promise((resolve) => source.once("close", resolve)).then(() => this.#end());
    source.on("data", this.#take);
    // A pipe that breaks while it is read ends; "close" follows.
    source.on("error", () => undefined);
    targets.writable?.on("error", this.#readerFailed);
    targets.writable?.on("drain", this.#goOn);
  }

  /** Whether it waits for a reader that is slower than the command. */
  get isHeldBack(): boolean {
    return this.#source.isPaused() && !this.#isEnded;
  }

  /** Whether all has been carried on. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Why the reader takes no more, as `EPIPE` or `ENOSPC`. */
  get errorCode(): string | undefined {
    return this.#error === undefined ? undefined : (this.#error.code ?? this.#error.name);
  }

  /** Lets go of the stream; what was not read is lost, and who still writes gets EPIPE. */
  close(): void {
    this.#source.destroy();
  }

  readonly #take = (chunk: Buffer): void => {
    const { tail, writable, lines, heard } = this.#targets;
    heard();
    tail.push(chunk);
    lines?.push(chunk);
    if (writable?.write(chunk) === false && !writable.destroyed) this.#source.pause();
  };

  readonly #goOn = (): void => {
    this.#source.resume();
  };

  /** As without us between them: the command's next write fails. */
  readonly #readerFailed = (error: NodeJS.ErrnoException): void => {
    this.#error ??= error;
    this.close();
  };

  #end(): void {
    this.#isEnded = true;
    this.#targets.lines?.end();
    this.#targets.writable?.off("drain", this.#goOn);
    // An error of the last write may come later, and must find somebody who listens.
    setImmediate(() => this.#targets.writable?.off("error", this.#readerFailed));
  }
}
