/** Seeing when work has really ended, also when nobody waits for it any more. */

/** Told of everything that is started for one call. What began has always ended in the end. */
export interface WorkWatch {
  /** The work is about to be called. */
  began(): void;
  /** What was called has settled. */
  ended(): void;
}
