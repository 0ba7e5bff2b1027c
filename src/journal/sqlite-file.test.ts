import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../core/system.ts";
import { isGone } from "./owner.ts";
import { openJournalFile } from "./sqlite-file.ts";

function open(busyTimeoutMs = 1_234): DatabaseSync {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-file-"));
  const db = openJournalFile(join(directory, "holdfast.db"), {
    busyTimeoutMs,
    clock: systemClock,
    isGone,
  });
  onTestFinished(() => {
    db.close();
    rmSync(directory, { recursive: true });
  });
  return db;
}

test("every commit is on the disk before it is acknowledged, and readers do not wait", () => {
  const db = open();

  const settings = ["journal_mode", "synchronous", "fullfsync", "busy_timeout", "foreign_keys"].map(
    (name) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0],
  );

  // 2 is FULL.
  expect(settings).toEqual(["wal", 2, 1, 1_234, 1]);
});

test("the file says whose it is and how it is laid out", () => {
  const db = open();

  expect([
    db.prepare("PRAGMA application_id").get(),
    db.prepare("PRAGMA user_version").get(),
  ]).toEqual([{ application_id: 0x484f4c44 }, { user_version: 2 }]);
});

test("a busy timeout longer than SQLite can count is the longest that it can", () => {
  const db = open(1e12);

  expect(db.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 2_147_483_647 });
});

test("the schema itself rules out two unfinished runs with one lock", () => {
  const db = open();
  const insert = (id: string, isUnfinished: number) =>
    db.exec(`INSERT INTO runs (id, automation, lock, status, is_unfinished, started_at_ms, record,
        fence, checksum, hold_checksum)
      VALUES ('${id}', 'nightly', 'nightly', '', ${isUnfinished}, 0, '{}', 1, 0, 0)`);
  insert("a", 0);
  insert("b", 0);
  insert("c", 1);

  expect(() => insert("d", 1)).toThrow("runs.lock");
});

test.for([
  [
    "SELECT 1 FROM runs INDEXED BY one_unfinished WHERE lock = 'a' AND is_unfinished = 1 ORDER BY number DESC",
    /one_unfinished \(lock=\?\)/,
  ],
  [
    "SELECT 1 FROM runs WHERE status = 'failed' ORDER BY number DESC",
    /^SEARCH runs USING [A-Z ]*INDEX runs_by_status \(status=\?\)$/,
  ],
  ["SELECT 1 FROM runs WHERE parent_id = 'a'", /runs_by_parent \(parent_id=\?\)/],
  [
    "SELECT 1 FROM runs WHERE is_unfinished = 0 AND ended_at_ms < 5 ORDER BY ended_at_ms",
    /^SEARCH runs USING [A-Z ]*INDEX runs_by_end \(ended_at_ms<\?\)$/,
  ],
  [
    "SELECT record FROM steps WHERE run_id = 'a' AND map = 'm' AND position > 5 ORDER BY position",
    /^SEARCH steps USING INDEX steps_by_position \(run_id=\? AND map=\? AND position>\?\)$/,
  ],
  ["SELECT 1 FROM runs ORDER BY number DESC LIMIT 20", /^SCAN runs$/],
  [
    "SELECT 1 FROM runs WHERE automation = 'a' ORDER BY number DESC",
    /^SEARCH runs USING [A-Z ]*INDEX runs_by_automation \(automation=\?\)$/,
  ],
  ["SELECT record FROM steps WHERE run_id = 'a'", /\(run_id=\?\)/],
] as const)("%s reads by an index", ([sql, plan]) => {
  const rows = open().prepare(`EXPLAIN QUERY PLAN ${sql}`).all();

  expect(rows.map(({ detail }) => detail).join("\n")).toMatch(plan);
});
