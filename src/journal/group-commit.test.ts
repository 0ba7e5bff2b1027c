import { expect, test } from "vitest";
import { GroupCommit, type Transactions } from "./group-commit.ts";

/** An error as node:sqlite throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error(`code ${errcode}`), { code: "ERR_SQLITE_ERROR", errcode });
}

/** A database that only notes what it is told, and fails as told. */
function recorder(failures: { readonly [sql: string]: Error } = {}, endsItself = false) {
  const log: string[] = [];
  const db: Transactions & { isTransaction: boolean } = {
    isTransaction: false,
    exec(sql) {
      log.push(sql);
      if (failures[sql] !== undefined) {
        if (endsItself) db.isTransaction = false;
        throw failures[sql];
      }
      db.isTransaction = sql.startsWith("BEGIN");
    },
  };
  return { log, db, commits: new GroupCommit(db) };
}

/** Notes what became of a write, at the moment it is told. */
function note(log: string[], name: string, promise: Promise<unknown>): Promise<void> {
  return promise.then(
    (value) => void log.push(`${name}: ${String(value)}`),
    (error: unknown) => void log.push(`${name} failed: ${(error as Error).message}`),
  );
}

test("writes that are asked for together share a commit, and are acknowledged after it", async () => {
  const { log, commits } = recorder();

  await Promise.all(
    [1, 2, 3].map((number) =>
      note(
        log,
        `write ${number}`,
        commits.add(() => log.push(`doing ${number}`)),
      ),
    ),
  );

  expect(log).toEqual([
    "BEGIN IMMEDIATE",
    "doing 1",
    "doing 2",
    "doing 3",
    "COMMIT",
    "write 1: 2",
    "write 2: 3",
    "write 3: 4",
  ]);
});

test("writers in step with one another go on sharing a commit", async () => {
  const { log, commits } = recorder();
  const writer = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await commits.add(() => undefined);
  };

  await Promise.all(Array.from({ length: 64 }, writer));

  expect(log.filter((sql) => sql === "COMMIT").length).toBe(10);
});

test("one write after the other leaves the event loop its turns", async () => {
  const { commits } = recorder();
  let turns = 0;
  const turn = (): void => {
    if (++turns < 5) setImmediate(turn);
  };
  setImmediate(turn);

  for (let write = 0; write < 5; write++) await commits.add(() => undefined);

  expect(turns).toBe(5);
});

test("a write that throws fails alone, also when SQLite refused it", async () => {
  const { log, commits } = recorder();

  await Promise.all([
    note(
      log,
      "first",
      commits.add(() => {
        throw new Error("lost");
      }),
    ),
    note(
      log,
      "second",
      commits.add(() => {
        throw sqliteError(2067);
      }),
    ),
    note(
      log,
      "third",
      commits.add(() => "done"),
    ),
  ]);

  expect(log).toEqual([
    "BEGIN IMMEDIATE",
    "COMMIT",
    "first failed: lost",
    "second failed: code 2067",
    "third: done",
  ]);
});

test("when SQLite fails in a write, the transaction is rolled back and all reject", async () => {
  const { log, commits } = recorder();

  await Promise.all([
    note(
      log,
      "first",
      commits.add(() => "done"),
    ),
    note(
      log,
      "second",
      commits.add(() => {
        throw sqliteError(13);
      }),
    ),
    note(
      log,
      "third",
      commits.add(() => log.push("doing 3")),
    ),
  ]);

  expect(log).toEqual([
    "BEGIN IMMEDIATE",
    "ROLLBACK",
    "first failed: code 13",
    "second failed: code 13",
    "third failed: code 13",
  ]);
});

test.for<[sql: string, endsItself: boolean, log: string[]]>([
  ["BEGIN IMMEDIATE", false, ["BEGIN IMMEDIATE", "write failed: code 13"]],
  ["COMMIT", false, ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "write failed: code 13"]],
  ["COMMIT", true, ["BEGIN IMMEDIATE", "COMMIT", "write failed: code 13"]],
])("when %s fails (SQLite rolls back itself: %o), the writes reject", async ([sql, ends, told]) => {
  const { log, commits } = recorder({ [sql]: sqliteError(13) }, ends);

  await note(
    log,
    "write",
    commits.add(() => "done"),
  );

  expect(log).toEqual(told);
});

test("flush commits at once what waits, and nothing twice", async () => {
  const { log, commits } = recorder();

  const written = commits.add(() => log.push("doing"));
  commits.flush();
  commits.flush();
  log.push("flushed");
  await written;

  expect(log).toEqual(["BEGIN IMMEDIATE", "doing", "COMMIT", "flushed"]);
});

test.for<[makesRoom: boolean, log: string[]]>([
  [true, ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "BEGIN IMMEDIATE", "COMMIT", "write: done"]],
  [false, ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "write failed: code 13"]],
])("on a full disk, all is tried once more when room was made: %o", async ([makesRoom, told]) => {
  const { log, db } = recorder();
  const { exec } = db;
  let isFull = true;
  const commits = new GroupCommit(
    {
      get isTransaction() {
        return db.isTransaction;
      },
      exec(sql) {
        exec(sql);
        if (sql !== "COMMIT" || !isFull) return;
        isFull = false;
        db.isTransaction = true;
        throw sqliteError(13);
      },
    },
    () => makesRoom,
  );

  await note(
    log,
    "write",
    commits.add(() => "done"),
  );

  expect(log).toEqual(told);
});
