/** Looks at a journal and the place that it lies in, and changes nothing. */

import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { UNFINISHED } from "../core/journal.ts";
import { ballastBytes, ballastFile } from "../journal/ballast.ts";
import type { IsGone } from "../journal/lease.ts";
import { openToRead, requireUsable, requireWholeLog } from "../journal/sqlite-check.ts";
import { Damage, isDamage, toJournalError } from "../journal/sqlite-error.ts";
import { inspectJournal } from "../journal/sqlite-inspect.ts";
import { toLease, toRun, type RunRow } from "../journal/sqlite-rows.ts";
import { readVersion, requireSchema, SCHEMA_VERSION } from "../journal/sqlite-schema.ts";
import { spaceOf } from "../journal/sqlite-space.ts";
import { judgeClock, judgeRuns, judgeSize, judgeVersions, type OpenRun } from "./contents.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import {
  judgeBallast,
  judgeDisk,
  judgeFileSystem,
  judgePermissions,
  type FileSystem,
} from "./place.ts";

/** What the doctor looks at, and by what. */
export interface Patient {
  /** The journal's absolute path. */
  readonly file: string;
  /** The directory of the runs' logs. */
  readonly logs: string;
  /** holdfast's own version. */
  readonly version: string;
  readonly now: () => number;
  readonly isGone: IsGone;
}

/** What was found. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** Whether something in the journal is not as it was written, or it cannot be opened. */
  readonly isDamaged: boolean;
}

/** Whether something is there, be it only to be refused. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Looks at everything. Never throws for what it finds. */
export function examine(patient: Patient): Diagnosis {
  const { file } = patient;
  const directory = dirname(file);
  if (!isThere(directory)) {
    const none = ok("journal", `there is none yet; the first run makes ${file}`);
    return { findings: [none], isDamaged: false };
  }
  const place = placeFindings(directory, file);
  if (!isThere(file) && !isThere(`${file}-wal`)) {
    const none = ok("journal", `there is none yet; the first run makes ${file}`);
    return { findings: [none, ...place], isDamaged: false };
  }
  const inside = journalFindings(patient);
  return { ...inside, findings: [...inside.findings, ...place] };
}

function placeFindings(directory: string, file: string): Finding[] {
  try {
    return lookAtPlace(directory, file);
  } catch (error) {
    const says = `${directory} cannot be looked at: ${(error as Error).message}`;
    return [problem("place", says, "see that it is a directory of this user's")];
  }
}

function lookAtPlace(directory: string, file: string): Finding[] {
  const { type, bavail, bsize, files, ffree } = statfsSync(directory);
  // btrfs and others count no files.
  const freeFiles = files === 0 ? undefined : ffree;
  const system: FileSystem = { type, freeBytes: bavail * bsize, freeFiles };
  const paths = [
    { path: directory, wanted: 0o700 },
    ...[file, `${file}-wal`, `${file}-shm`, ballastFile(file)].map((path) => ({
      path,
      wanted: 0o600,
    })),
  ].flatMap(({ path, wanted }) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    return mode === undefined ? [] : [{ path, wanted, mode }];
  });
  return [
    judgeDisk(directory, system),
    judgeFileSystem(directory, system),
    // Windows has no such permissions.
    ...(process.platform === "win32" ? [] : [judgePermissions(paths)]),
    judgeBallast(ballastFile(file), ballastBytes(file)),
    ...draftFindings(directory, file),
  ];
}

/** What somebody left who was killed while making a journal, its ballast or a backup. */
function draftFindings(directory: string, file: string): Finding[] {
  const begins = [`${basename(file)}.draft-`, `${basename(ballastFile(file))}.draft-`];
  const drafts = readdirSync(directory).filter((name) =>
    begins.some((begin) => name.startsWith(begin)),
  );
  if (drafts.length === 0) return [];
  const todo = `when nothing runs: rm ${drafts.map((name) => join(directory, name)).join(" ")}`;
  return [warning("drafts", `${drafts.length} files were begun and not finished`, todo)];
}

function journalFindings(patient: Patient): Diagnosis {
  const { file } = patient;
  try {
    requireUsable(file);
    requireWholeLog(file);
    const db = openToRead(file);
    try {
      return databaseFindings(db, patient);
    } finally {
      db.close();
    }
  } catch (error) {
    const { message } = toJournalError(error, file) as Error;
    const todo = isDamage(error)
      ? "holdfast doctor --save FILE, then docs/durability.md: When it is damaged"
      : "as it says";
    return { findings: [problem("journal", message, todo)], isDamaged: true };
  }
}

function databaseFindings(db: DatabaseSync, patient: Patient): Diagnosis {
  const schema = readVersion(db, patient.file);
  if (schema === 0) throw new Damage("there is nothing in it, and a journal never is empty");
  const versions = judgeVersions({
    holdfast: patient.version,
    node: process.versions.node,
    sqlite: process.versions["sqlite"] ?? "unknown",
    schema,
    knownSchema: SCHEMA_VERSION,
  });
  const isCurrent = schema === SCHEMA_VERSION;
  if (isCurrent) requireSchema(db);
  const { runs, steps, damage } = inspectJournal(db, isCurrent);
  if (damage.length > 0) {
    const says = `${patient.file} is damaged: ${damage.join("; ")}`;
    const todo = "holdfast doctor --save FILE, then docs/durability.md: When it is damaged";
    return { findings: [problem("journal", says, todo), versions], isDamaged: true };
  }
  if (!isCurrent) {
    const says = `${patient.file}: ${runs} runs, ${steps} steps, which have no checksums yet`;
    return { findings: [ok("journal", says), versions], isDamaged: false };
  }
  const findings = [
    ok("journal", `${patient.file}: ${runs} runs, ${steps} steps, all as they were written`),
    versions,
    ...judgeRuns(openRuns(db, patient.isGone), patient.now()),
    // The time is read last: others write meanwhile.
    judgeClock(newestMoment(db), patient.now()),
    judgeSize(sizesOf(db, patient)),
  ];
  return { findings, isDamaged: false };
}

function openRuns(db: DatabaseSync, isGone: IsGone): OpenRun[] {
  const rows = db.prepare("SELECT * FROM runs WHERE is_unfinished = 1 ORDER BY number").all();
  return rows
    .map((row) => row as unknown as RunRow)
    .map((row) => {
      const run = toRun(row);
      const lease = toLease(run.id, row);
      return {
        run,
        owner: lease?.owner,
        isGone: lease === undefined ? true : isGone(lease.owner),
        renewedAtMs: lease?.renewedAtMs ?? 0,
        lengthMs: lease?.lengthMs ?? 0,
      };
    })
    .filter(({ run }) => UNFINISHED.includes(run.status));
}

function newestMoment(db: DatabaseSync): number | undefined {
  const row = db
    .prepare(
      `SELECT max(coalesce((SELECT max(started_at_ms) FROM runs), 0),
        coalesce((SELECT max(ended_at_ms) FROM runs WHERE is_unfinished = 0), 0),
        coalesce((SELECT max(renewed_at_ms) FROM runs WHERE is_unfinished = 1), 0),
        coalesce((SELECT max(written_at_ms) FROM state), 0)) AS newest`,
    )
    .get();
  return row?.["newest"] as number | undefined;
}

function sizesOf(db: DatabaseSync, { file, logs }: Patient) {
  const real = realpathSync(file);
  const names = existsSync(logs) ? readdirSync(logs) : [];
  return {
    journal: sizeOf(real),
    log: sizeOf(`${real}-wal`),
    free: spaceOf(db).freeBytes,
    logs: names.reduce((sum, name) => sum + sizeOf(join(logs, name)), 0),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
