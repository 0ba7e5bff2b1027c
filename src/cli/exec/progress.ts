/** How far a guarded command has come, as all see it who follow, record and tell of it. */

import type { EndedCommand } from "../../process/ended-command.ts";
import { UnhealedList } from "./unhealed.ts";

/** See the header. */
export class Progress {
  readonly unhealed = new UnhealedList();
  #attempts = 0;
  #unstarted = 0;
  #lastEnd: EndedCommand | undefined;

  /** How often it was begun. */
  get attempts(): number {
    return this.#attempts;
  }

  get hasBegun(): boolean {
    return this.#attempts > 0;
  }

  /** Whether it may have done anything: not where none of its attempts could be started. */
  get mayHaveDone(): boolean {
    return this.#attempts > this.#unstarted;
  }

  /** How the last attempt ended, if one did. */
  get lastEnd(): EndedCommand | undefined {
    return this.#lastEnd;
  }

  /** An attempt begins. */
  begin(): void {
    this.#attempts++;
  }

  /** An attempt has ended. */
  end(end: EndedCommand): void {
    if (end.startError !== undefined) this.#unstarted++;
    this.#lastEnd = end;
  }
}
