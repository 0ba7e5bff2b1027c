/** A process of a rehearsal, from outside: started in a group of its own, asked, and ended as a whole. */

import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../core/clock.ts";

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a process is started with. */
export interface ChildParts {
  /** The words of its command line, the program first. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Is handed over when it has started. */
  readonly job: object;
  /** Told whatever it says, and answered with what comes of it. When it fails, so does `ended`. */
  readonly onMessage: (message: unknown) => unknown;
}

/** The last characters of what it printed; the rest is not kept. */
const KEPT_OUTPUT = 8_000;

/** See the header. */
export class Child {
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  readonly #broken = Promise.withResolvers<never>();
  #output = "";

  constructor({ command, cwd, env, job, onMessage }: ChildParts) {
    const [program = "", ...words] = command;
    const child = spawn(program, words, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#process = child;
    const exited = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    // What it said last may come after its end.
    const heard = new Promise<void>((resolve) => void child.once("disconnect", () => resolve()));
    const all = Promise.all([exited, heard]).then(([ended]) => ended);
    this.ended = Promise.race([all, this.#broken.promise]);
    this.ended.catch(() => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-KEPT_OUTPUT);
      });
    }
    child.on("message", (message) => void this.#answer(message, onMessage));
    this.send(job);
  }

  /** What it printed last. */
  get output(): string {
    return this.#output.trim();
  }

  /** Says something to it. Who is gone hears nothing. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /** Ends it and everything that it started and that stayed in its group. */
  end(): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Nobody is left.
    }
    // What was started by it may hold its pipes open, whatever group it is in.
    this.#process.stdout?.destroy();
    this.#process.stderr?.destroy();
  }

  async #answer(message: unknown, onMessage: ChildParts["onMessage"]): Promise<void> {
    try {
      const answer = await onMessage(message);
      if (answer !== undefined) this.send(answer as object);
    } catch (error) {
      this.#broken.reject(error);
    }
  }
}

/** How long something may take, and what ends the wait. */
export interface Limit {
  readonly clock: Clock;
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Rejects with `error()` when `work` takes longer, and with the signal's reason when that aborts; what
 * it does is not stopped by that.
 */
export async function within<Value>(
  { clock, ms, signal }: Limit,
  work: Promise<Value>,
  error: () => Error,
): Promise<Value> {
  const cut = Promise.withResolvers<never>();
  const abort = () => cut.reject(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort);
  const cancel = clock.after(Math.max(0, ms), () => cut.reject(error()));
  try {
    return await Promise.race([work, cut.promise]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
  }
}
