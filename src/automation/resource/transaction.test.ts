import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { Journal } from "../../core/journal.ts";
import { journalWith } from "../../journal/journal-with.contract.ts";
import type { Database } from "./database.ts";
import type { Run } from "../automation.ts";
import { FakeClient, markersIn, namesIn } from "./pg-fake.contract.ts";
import { Machine, play, rollingBack, stepAt, type Main } from "../play.contract.ts";

function openDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE orders (name TEXT)");
  return database;
}

const add = (database: DatabaseSync, name: string) =>
  database.prepare("INSERT INTO orders VALUES (?)").run(name);

const fail = () => {
  throw Object.assign(new Error("no"), { code: "EACCES" });
};

/** Adds an order in a transaction with an undo, and then does what `end` says. */
const ordering =
  (database: DatabaseSync, end: () => unknown = () => undefined): Main =>
  async (run, did) => {
    const value = await run.transaction(
      "order",
      database,
      (db) => {
        did.push("worked");
        add(db, "a");
        return { id: 7n };
      },
      {
        undo: (db, { value: order, effect }) => {
          did.push(`undo ${order?.id} ${effect}`);
          db.exec("DELETE FROM orders");
        },
      },
    );
    did.push(`ordered ${value.id}`);
    await end();
  };

test("a transaction commits with a marker that has its key and value", async () => {
  const database = openDatabase();

  const { result, did, steps } = await play(ordering(database));

  expect([result.exitCode, did, namesIn(database)]).toEqual([0, ["worked", "ordered 7"], ["a"]]);
  expect(markersIn(database)).toEqual([[steps[0]?.key, steps[0]?.value]]);
});

test("what throws in it is taken back, and its marker too", async () => {
  const database = openDatabase();

  const { result } = await play(async (run) => {
    await run.transaction("order", database, (db) => {
      add(db, "a");
      fail();
    });
  });

  expect([result.exitCode, namesIn(database), markersIn(database)]).toEqual([1, [], []]);
});

test("its undo takes it back in a transaction, with the marker", async () => {
  const database = openDatabase();

  const { result, did } = await play(ordering(database, fail));

  expect([result.exitCode, did]).toEqual([80, ["worked", "ordered 7", "undo 7 complete"]]);
  expect([namesIn(database), markersIn(database)]).toEqual([[], []]);
});

test("an undo that fails leaves the transaction and its marker, for the next attempt", async () => {
  const database = openDatabase();
  let calls = 0;

  const { result } = await play(async (run) => {
    await run.transaction("order", database, (db) => add(db, "a").changes, {
      undo: (db) => {
        db.exec("DELETE FROM orders");
        if (++calls < 3) throw new Error("no");
      },
    });
    fail();
  });

  expect([result.exitCode, calls, namesIn(database), markersIn(database)]).toEqual([80, 3, [], []]);
});

test("what did not happen is not undone", async () => {
  const database = openDatabase();

  const { did } = await play(async (run, did) => {
    await run.transaction("order", database, () => fail(), { undo: () => void did.push("undo") });
  });

  expect(did).toEqual([]);
});

test.for<[when: string, fits: Parameters<Machine["startAndKill"]>[0], did: string[]]>([
  ["before the commit", stepAt("order", { status: "begun" }), ["worked", "ordered 7"]],
  ["after the record", stepAt("order", { status: "completed" }), ["worked", "ordered 7"]],
])("killed %s, it is done once", async ([, fits, words]) => {
  const database = openDatabase();
  const machine = new Machine(ordering(database));
  await machine.startAndKill(fits);

  const { result, did } = await machine.start();

  expect([result.exitCode, did, namesIn(database)]).toEqual([0, words, ["a"]]);
});

/** The journal of a process that is killed before the step is recorded as completed. */
const killedBeforeRecord = (journal: Journal, onDeath: () => void) =>
  journalWith(journal, {
    writeStep: (hold, step) => {
      if (step.status !== "completed") return journal.writeStep(hold, step);
      onDeath();
      return new Promise(() => {});
    },
  });

test.for<[end: "goes on" | "rolls back", did: string[], left: string[]]>([
  ["goes on", ["worked", "ordered 7"], ["a"]],
  ["rolls back", ["worked", "undo 7 complete"], []],
])(
  "killed between commit and record, the next start %s by the marker",
  async ([end, words, left]) => {
    const database = openDatabase();
    const machine = new Machine(ordering(database));
    await machine.clock.settle(
      () =>
        new Promise<void>((resolve) => {
          void machine.start({ journal: killedBeforeRecord(machine.journal, resolve) });
        }),
    );
    const before = namesIn(database);

    const { result, did } = await machine.start(
      end === "rolls back" ? { unfinished: "rollback" } : {},
    );

    expect([before, result.exitCode, did, namesIn(database)]).toEqual([
      ["a"],
      end === "goes on" ? 0 : 80,
      words,
      left,
    ]);
  },
);

test("killed in the rollback after the undo's commit, it is not undone twice", async () => {
  const database = openDatabase();
  const machine = new Machine(ordering(database, fail));
  await machine.startAndKill(stepAt("order", { undo: "done" }));

  const { result, did } = await machine.start();

  expect([result.exitCode, did]).toEqual([
    80,
    ["worked", "ordered 7", "undo 7 complete", "ordered 7"],
  ]);
});

test("killed in the rollback before the undo, it is undone", async () => {
  const database = openDatabase();
  const machine = new Machine(ordering(database, fail));
  await machine.startAndKill(rollingBack);

  const { result } = await machine.start();

  expect([result.exitCode, namesIn(database), markersIn(database)]).toEqual([80, [], []]);
});

test("a value that is not good, or cannot be journaled, does not happen", async () => {
  const database = openDatabase();
  const refused = async (value: unknown) => {
    const { result } = await play((run) =>
      run.transaction("order", database, (db) => (add(db, "a"), value), {
        verify: (given) => given !== "bad",
        retry: { attempts: 1 },
      }),
    );
    return (result.error as { code?: unknown }).code;
  };

  const codes = [
    await refused("bad"),
    await refused(() => 1),
    await refused("Bearer abcdefghijklmnop1234"),
  ];

  expect(codes).toEqual(["VERIFY_FAILED", "VALUE_NOT_STORABLE", "VALUE_NOT_STORABLE"]);
  expect([namesIn(database), markersIn(database)]).toEqual([[], []]);
});

test("an abort takes it back, also when the work does not hear it", async () => {
  const database = openDatabase();
  const stop = new AbortController();
  const machine = new Machine(async (run) => {
    await run.transaction("order", database, (db) => {
      add(db, "a");
      if (!run.isResumed) stop.abort(new Error("stop"));
    });
  });

  const { result } = await machine.start({ signal: stop.signal });
  const between = namesIn(database);
  const second = await machine.start();

  expect([result.status, between, second.result.status, namesIn(database)]).toEqual([
    "interrupted",
    [],
    "succeeded",
    ["a"],
  ]);
});

test("transactions side by side in one connection take turns", async () => {
  const database = openDatabase();

  const { result } = await play(async (run, _, clock) => {
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        run.transaction(name, database, async (db) => {
          add(db, name);
          await clock.sleep(10);
          add(db, name);
        }),
      ),
    );
  });

  const names = namesIn(database);
  const first = names.filter((_, index) => index % 2 === 0);
  expect([result.exitCode, names]).toEqual([0, first.flatMap((name) => [name, name])]);
  expect(new Set(first)).toEqual(new Set(["a", "b", "c"]));
});

test("a transaction that somebody has open already is refused, and stays open", async () => {
  const database = openDatabase();
  database.exec("BEGIN");
  add(database, "mine");

  const { result } = await play((run) => run.transaction("order", database, () => 1));

  expect(String(result.error)).toContain("The database has a transaction open already");
  expect([database.isTransaction, namesIn(database)]).toEqual([true, ["mine"]]);
});

test("a database that another one writes to is waited for by the step's retries", async () => {
  const database = openDatabase();
  let isBusy = true;
  const busy: Database = {
    exec: (sql) => {
      if (sql.startsWith("BEGIN") && isBusy) {
        isBusy = false;
        throw Object.assign(new Error("locked"), { code: "ERR_SQLITE_ERROR", errcode: 5 });
      }
      database.exec(sql);
    },
    prepare: (sql) => database.prepare(sql),
    get isTransaction() {
      return database.isTransaction;
    },
  };

  const { result, steps } = await play((run) =>
    run.transaction("order", busy, () => add(database, "a").changes),
  );

  expect([result.exitCode, namesIn(database), steps[0]?.attempts.length]).toEqual([0, ["a"], 2]);
});

test("the table of the markers has the name that it is given", async () => {
  const database = openDatabase();
  database.exec("ATTACH ':memory:' AS jobs");

  const { steps } = await play((run) =>
    run.transaction("order", database, () => 1, { table: "jobs.done" }),
  );

  expect(markersIn(database, "jobs.done")).toEqual([[steps[0]?.key, "1"]]);
});

test("old markers go when their runs have ended, and stay while they may go on", async () => {
  const database = openDatabase();
  const machine = new Machine(async (run, _, clock) => {
    await run.transaction("first", database, () => 1, { keepMarkers: "1h" });
    await run.transaction("second", database, () => 2, { keepMarkers: "1h" });
    await clock.sleep(1);
  });
  await machine.start();
  const kept = markersIn(database).length;
  await machine.clock.advance(3_600_000);
  await machine.startAndKill(stepAt("first", { status: "completed" }), { random: () => 0.6 });
  const swept = markersIn(database).length;
  await machine.clock.advance(3_600_000);

  await machine.start({ random: () => 0.7 });

  expect([kept, swept, markersIn(database).length]).toEqual([2, 1, 2]);
});

test("markers that cannot be removed are told of, and stop nobody", async () => {
  const client = new FakeClient();
  client.trouble.push({ at: "SELECT DISTINCT", code: "42501", times: 1 });

  const { result, events } = await play((run) => run.transaction("order", client, () => 1));

  expect(result.exitCode).toBe(0);
  expect(events.find(({ type }) => type === "log.written")).toMatchObject({
    level: "WARNING",
    message: "Old markers of transactions could not be removed",
  });
});

test("a marker that somebody has damaged is not taken for a value", async () => {
  const database = openDatabase();
  const machine = new Machine(ordering(database));
  await machine.startAndKill(stepAt("order", { status: "begun" }));
  const [record] = await machine.records();
  database.exec(
    "CREATE TABLE holdfast_step (key TEXT PRIMARY KEY, run_id TEXT, value TEXT, at_ms INT)",
  );
  database.prepare("INSERT INTO holdfast_step VALUES (?, '', NULL, 9e15)").run(record?.key ?? "");

  const { result } = await machine.start();

  expect([String(result.error), namesIn(database)]).toEqual([
    `AutomationError: The marker of "${record?.key}" is damaged`,
    [],
  ]);
});

test.for<[what: string, call: (run: Run) => Promise<unknown>, message: string]>([
  [
    "what is no database",
    (run) => run.transaction("a", {} as Database, () => 1),
    'transaction "a": database: expected a DatabaseSync of node:sqlite',
  ],
  [
    "nothing",
    (run) => run.transaction("a", null as never, () => 1),
    'transaction "a": database: expected a DatabaseSync of node:sqlite',
  ],
  [
    "a table that is none",
    (run) => run.transaction("a", new FakeClient(), () => 1, { table: 'a"; --' }),
    'transaction "a".table: expected the name of a table',
  ],
  [
    "its own reconcile",
    (run) =>
      run.transaction("a", new FakeClient(), () => 1, { reconcile: () => "absent" } as object),
    'transaction "a".reconcile: unknown; it is made by the step itself',
  ],
  [
    "an option that is none",
    (run) => run.transaction("a", new FakeClient(), () => 1, { retries: 1 } as object),
    "retries: unknown",
  ],
])("refuses %s", async ([, call, message]) => {
  const { result } = await play((run) => call(run));

  expect(String(result.error)).toContain(message);
});
