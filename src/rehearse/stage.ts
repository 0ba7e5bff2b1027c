/** The process that sets a run's scene and looks at it: it lives on when the run is killed. */

import type { Clock } from "../core/clock.ts";
import { HoldfastError } from "../core/errors.ts";
import { Child, within } from "./child.ts";
import type { FileFacts, StageAnswer, StageCall } from "./messages.ts";
import { wayInto, type ScratchWorld, type Way } from "./world.ts";

/** The scene could not be set or looked at. */
export class StageError extends HoldfastError {
  override get name(): string {
    return "StageError";
  }
  readonly code = "REHEARSAL_FAILED";
}

/** The file is no automation, or exports a rehearsal that is none. */
export class StageFileError extends HoldfastError {
  override get name(): string {
    return "StageFileError";
  }
  readonly code = "AUTOMATION_FILE_INVALID";
}

interface Loaded {
  readonly facts: FileFacts;
}

type Said =
  | Loaded
  | { readonly answered: StageAnswer }
  | { readonly failed: { readonly message: string } };

/** What a stage is made of. */
export interface StageParts extends Way {
  /** The automation's file. */
  readonly file: string;
  readonly clock: Clock;
}

/** How long what was set up may take to go. */
const TEARDOWN_MS = 10_000;

/** See the header. */
export class Stage {
  readonly #child: Child;
  readonly #loaded = Promise.withResolvers<FileFacts>();
  /** One thing is asked at a time. */
  #asked: PromiseWithResolvers<StageAnswer> | undefined;
  #asking: Promise<unknown> = Promise.resolve();
  #hasSetUp = false;

  readonly #clock: Clock;

  constructor(theatre: StageParts, world: Pick<ScratchWorld, "directory" | "env">) {
    const { file, clock } = theatre;
    this.#clock = clock;
    this.#loaded.promise.catch(() => undefined);
    this.#child = new Child({
      ...wayInto(theatre, world),
      env: world.env,
      job: { role: "stage", file },
      onMessage: (message) => this.#hear(message as Said),
    });
    const gone = () =>
      this.#fail(new StageError(`The process that sets the scene ended${this.#said()}`));
    this.#child.ended.then(gone, gone);
  }

  /** What the file says of itself. Rejects with `StageFileError`. */
  get facts(): Promise<FileFacts> {
    return this.#loaded.promise;
  }

  /** Prepares the world, and answers the run's environment. */
  async setUp(): Promise<Readonly<Record<string, string>>> {
    this.#hasSetUp = true;
    return (await this.#call("setup")).env ?? {};
  }

  /** The values of the probes, as JSON. */
  async probe(): Promise<Readonly<Record<string, string>>> {
    return (await this.#call("probe")).probes ?? {};
  }

  /** Takes away what was set up, and ends the process. Never rejects. */
  async close(): Promise<void> {
    const limit = { clock: this.#clock, ms: TEARDOWN_MS };
    const late = () => new StageError("rehearsal.teardown takes too long");
    if (this.#hasSetUp) {
      await within(limit, this.#call("teardown"), late).catch(() => undefined);
    }
    this.#child.end();
    await this.#child.ended.catch(() => undefined);
  }

  #call(call: StageCall["call"]): Promise<StageAnswer> {
    const answer = this.#asking
      .catch(() => undefined)
      .then(async () => {
        await this.#loaded.promise;
        this.#asked = Promise.withResolvers<StageAnswer>();
        this.#child.send({ call } satisfies StageCall);
        const answered = await this.#asked.promise;
        if (answered.problem !== undefined)
          throw new StageError(`rehearsal.${answered.problem}${this.#said()}`);
        return answered;
      });
    this.#asking = answer;
    return answer;
  }

  #hear(said: Said): undefined {
    if ("facts" in said) this.#loaded.resolve(said.facts);
    else if ("answered" in said) this.#asked?.resolve(said.answered);
    else this.#fail(new StageFileError(said.failed.message));
  }

  #fail(error: Error): void {
    this.#loaded.reject(error);
    this.#asked?.reject(error);
  }

  #said(): string {
    const { output } = this.#child;
    return output === "" ? "" : `\nIt printed last:\n${output}`;
  }
}
