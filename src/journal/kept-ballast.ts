/**
 * The ballast of an open journal: made where there is room, given up when there is none. Without it the
 * log is kept short, so that the room that is left is for what is written, and not for its log.
 */

import type { DatabaseSync } from "node:sqlite";
import type { EventDetails } from "../core/events.ts";
import { ballastBytes, giveUpBallast, makeBallast } from "./ballast.ts";

/** What a journal tells of its ballast. */
export type BallastEvent = Extract<
  EventDetails,
  { readonly type: "ballast.released" | "ballast.restored" }
>;

/** How much is kept, and who is told. */
export interface BallastKeeping {
  /** 0 for none. */
  readonly bytes: number;
  readonly on: ((event: BallastEvent) => void) | undefined;
}

/**
 * How long the log grows before it is written back into the file and begun anew, in pages of 4 kB. The
 * usual is SQLite's own; 50 are a dozen commits. Source: sqlite.org/pragma.html#pragma_wal_autocheckpoint.
 */
const LOG_PAGES = { usual: 1_000, withoutBallast: 50 } as const;

/** See the header. */
export class KeptBallast {
  readonly #db: Pick<DatabaseSync, "exec">;
  readonly #file: string;
  readonly #options: BallastKeeping;
  #isReleased = false;
  #logPages: number = LOG_PAGES.usual;

  constructor(db: Pick<DatabaseSync, "exec">, file: string, options: BallastKeeping) {
    this.#db = db;
    this.#file = file;
    this.#options = options;
  }

  /** Whether it was given up here, and not made again. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Makes it where it is missing and there is room. */
  keep(): void {
    const { bytes, on } = this.#options;
    const isMade = makeBallast(this.#file, bytes);
    const isThere = isMade || ballastBytes(this.#file) >= bytes;
    this.#limitLog(isThere ? LOG_PAGES.usual : LOG_PAGES.withoutBallast);
    if (!isMade) return;
    if (this.#isReleased) on?.({ type: "ballast.restored", file: this.#file, bytes });
    this.#isReleased = false;
  }

  /** Gives it up for a commit that found no room. Answers whether there was any to give. */
  release(): boolean {
    const bytes = giveUpBallast(this.#file);
    if (bytes === 0) return false;
    this.#isReleased = true;
    this.#limitLog(LOG_PAGES.withoutBallast);
    // What stands in the log goes into the file, so that the log is written over and need not grow.
    try {
      this.#db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // There was no room for that. There may be for the commit.
    }
    this.#options.on?.({ type: "ballast.released", file: this.#file, bytes });
    return true;
  }

  #limitLog(pages: number): void {
    if (pages === this.#logPages) return;
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
    this.#logPages = pages;
  }
}
