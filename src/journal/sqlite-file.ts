/**
 * Opens the journal's file, and makes it when there is none.
 *
 * Several processes may do so at once. What each setting is for:
 * WAL lets readers go on while one writes. `synchronous = FULL` has every commit on the disk before
 * it is acknowledged: in WAL mode, `NORMAL` may lose the last ones in a power cut, and with them the
 * knowledge that a payment was made. `fullfsync` is the same for macOS, whose fsync leaves data in
 * the drive's cache. Source: sqlite.org/pragma.html.
 */

import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import { JournalError } from "../core/errors.ts";
import { giveUpBallast } from "./ballast.ts";
import { sweepDrafts } from "./drafts.ts";
import { leaseState, type IsGone } from "./lease.ts";
import { describeOwner } from "./owner.ts";
import { readOwner } from "./records.ts";
import { requireUsable, requireWholeLog } from "./sqlite-check.ts";
import { createJournalFile } from "./sqlite-create.ts";
import { Damage, isFull, SQLITE, sqliteCode, toJournalError } from "./sqlite-error.ts";
import { migrate, readVersion, requireSchema, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** How a file is opened. */
export interface OpenOptions {
  /** How long to wait for a process that holds the file. */
  readonly busyTimeoutMs: number;
  /** Reads the time of day. */
  readonly clock: Pick<Clock, "now">;
  /** Whether the owner of a run has ended. */
  readonly isGone: IsGone;
}

/** SQLite takes a signed 32-bit number of milliseconds. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How long to wait before the switch to WAL is tried again. */
const PAUSE_MS = 10;

/**
 * Opens `file`, an absolute path. Missing directories are made for this user alone, and so is the file.
 *
 * Blocks for up to `busyTimeoutMs` when another process holds the file.
 *
 * @throws {JournalError} When it cannot be opened or made, is damaged, was written by a newer
 * holdfast, or is another program's database, which is left untouched.
 */
export function openJournalFile(file: string, options: OpenOptions): DatabaseSync {
  try {
    createJournalFile(file);
    sweepDrafts(file, options.clock.now());
    requireUsable(file);
    // Before SQLite does: the first to open the file drops what it cannot read.
    requireWholeLog(file);
    return withRoom(file, () => openWhole(file, options));
  } catch (error) {
    throw toJournalError(error, file);
  }
}

/** Gives the ballast up when the disk is full: also to open a journal takes some room. */
function withRoom<Value>(file: string, open: () => Value): Value {
  try {
    return open();
  } catch (error) {
    if (!isFull(error) || giveUpBallast(file) === 0) throw error;
    return open();
  }
}

function openWhole(file: string, options: OpenOptions): DatabaseSync {
  const timeoutMs = Math.min(Math.ceil(options.busyTimeoutMs), LONGEST_TIMEOUT_MS);
  const db = new DatabaseSync(file, { timeout: timeoutMs });
  try {
    // Before anything is changed in what may be another program's file.
    const version = readVersion(db, file);
    if (version === 0) throw new Damage("there is nothing in it, and a journal never is empty");
    switchToWal(db, timeoutMs, file);
    db.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
    // Not otherwise: it would wait for whoever is writing.
    if (version < SCHEMA_VERSION) migrateFrom(db, file, options);
    requireSchema(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * SQLite waits for other processes everywhere but here: the switch begins as a reader that turns into
 * a writer, and two of those would wait for each other for ever.
 */
function switchToWal(db: DatabaseSync, timeoutMs: number, file: string): void {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      const answer = db.prepare("PRAGMA journal_mode = WAL").get();
      if (answer?.["journal_mode"] === "wal") return;
      throw new JournalError(
        `Journal ${file} cannot be shared by several processes where it lies: name a file on a local disk`,
      );
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.busy || waitedMs >= timeoutMs) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** Nobody's run is cut off by a newer holdfast that only looks at the journal. */
function migrateFrom(db: DatabaseSync, file: string, { clock, isGone }: OpenOptions): void {
  migrate(db, file, () => {
    const rows = db
      .prepare("SELECT owner, renewed_at_ms, lease_ms FROM runs WHERE owner IS NOT NULL")
      .all() as { owner: string; renewed_at_ms: number; lease_ms: number }[];
    for (const { owner: text, renewed_at_ms: renewedAtMs, lease_ms: lengthMs } of rows) {
      const owner = readOwner(text);
      const lease = { owner, renewedAtMs, lengthMs };
      if (leaseState(lease, clock.now(), isGone) === "free") continue;
      throw new JournalError(
        `Journal ${file} is in use by an older holdfast (${describeOwner(owner)}): start again when its run has ended`,
      );
    }
  });
}
