/**
 * Small values that all users of one store share, by key: requests to a run, locks, schedules.
 *
 * Each value has a version. Whoever writes says which version it replaces, so that of two that write
 * at the same moment one is told to look again.
 */

/** A value and its version. */
export interface SharedValue {
  readonly key: string;
  /** As it was written: what it means is its writer's affair. */
  readonly value: string;
  /** Grows with every write, and never comes again, also not after the key was deleted. From 1. */
  readonly version: number;
  /** When it was written: milliseconds since the Unix epoch. */
  readonly writtenAtMs: number;
}

/** A value that is to be written. */
export interface SharedChange {
  readonly key: string;
  /** `undefined` deletes the key. */
  readonly value: string | undefined;
  /** The version that it replaces; 0 when there must be none. Default: whatever is there. */
  readonly replaces?: number | undefined;
  readonly atMs: number;
}

/** Which values to list. */
export interface SharedFilter {
  /** How the keys begin. */
  readonly prefix: string;
  /** Only keys that come after this one, in the order in which they are listed. */
  readonly after?: string | undefined;
  /** Default 1,000. */
  readonly limit?: number | undefined;
}

/** Keeps shared values. Every method rejects with `JournalError` when the store fails. */
export interface SharedState {
  readState(key: string): Promise<SharedValue | undefined>;
  /** In an order of the keys that is always the same. */
  readStates(filter: SharedFilter): Promise<readonly SharedValue[]>;
  /**
   * Writes or deletes one value. Answers whether it did: not when another version is there than the
   * one that it replaces.
   */
  writeState(change: SharedChange): Promise<boolean>;
}
