/**
 * Writes that are asked for together are committed together: a commit waits for the disk, and 64
 * writes in one wait as long as one.
 *
 * A commit comes when the event loop turns, and not within the present tick: so more writes share it,
 * and one write after the other, without end, leaves heartbeats and signals their turn.
 */

import type { DatabaseSync } from "node:sqlite";
import { isFull, isRefusal, sqliteCode } from "./sqlite-error.ts";

interface Pending {
  /** Does the write, again where the disk was full; what came of it is told after the commit. */
  readonly attempt: () => () => void;
  readonly reject: (error: unknown) => void;
}

/** The part of a database that runs transactions. */
export type Transactions = Pick<DatabaseSync, "exec" | "isTransaction">;

/** Runs writes in shared transactions. */
export class GroupCommit {
  readonly #db: Transactions;
  readonly #makeRoom: () => boolean;
  /** Holds one tick's writes at most, so whoever awaits them bounds it. */
  #queue: Pending[] = [];

  /** @param makeRoom Is called when the disk is full; answers whether it is worth another try. */
  constructor(db: Transactions, makeRoom: () => boolean = () => false) {
    this.#db = db;
    this.#makeRoom = makeRoom;
  }

  /**
   * Runs `write` in the next transaction, with all others that are asked for in this tick. Resolves
   * after the commit.
   *
   * A write that throws fails alone, so it must throw before it changes anything, or mean that
   * change to stay. When SQLite fails, none of the transaction's writes happened, and all reject.
   */
  add<Value>(write: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.flush());
      this.#queue.push({ attempt: () => outcome(write, resolve, reject), reject });
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    const writes = this.#queue;
    if (writes.length === 0) return;
    this.#queue = [];
    try {
      const settles = this.#transactionWithRoom(writes);
      for (const settle of settles) settle();
    } catch (error) {
      for (const { reject } of writes) reject(error);
    }
  }

  #transactionWithRoom(writes: readonly Pending[]): (() => void)[] {
    try {
      return this.#transaction(writes);
    } catch (error) {
      if (!isFull(error) || !this.#makeRoom()) throw error;
      return this.#transaction(writes);
    }
  }

  #transaction(writes: readonly Pending[]): (() => void)[] {
    // A transaction that only became a writer later could fail in the middle.
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const settles = writes.map(({ attempt }) => attempt());
      this.#db.exec("COMMIT");
      return settles;
    } catch (error) {
      // After some failures, a full disk among them, SQLite has rolled back by itself.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

function outcome<Value>(
  write: () => Value,
  resolve: (value: Value) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const value = write();
    return () => resolve(value);
  } catch (error) {
    if (sqliteCode(error) !== undefined && !isRefusal(error)) throw error;
    return () => reject(error);
  }
}
