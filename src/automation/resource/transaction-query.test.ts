import { expect, test } from "vitest";
import type { QueryClient, QueryPool } from "./database.ts";
import { FakeClient, fakePool, markersIn, namesIn } from "./pg-fake.contract.ts";
import { play } from "../play.contract.ts";

const fail = () => {
  throw Object.assign(new Error("no"), { code: "EACCES" });
};

/** Adds an order by a client of `pg`. */
const insert = async (client: QueryClient) => {
  await client.query("INSERT INTO orders VALUES ($1)", ["a"]);
  return "ordered";
};

function fakeClient(): FakeClient {
  const client = new FakeClient();
  client.database.exec("CREATE TABLE orders (name TEXT)");
  return client;
}

const ofKind: readonly [kind: string, open: (client: FakeClient) => QueryClient | QueryPool][] = [
  ["a client", (client) => client],
  ["a pool", fakePool],
];

test.for(ofKind)("by %s of pg it commits with its marker", async ([, open]) => {
  const client = fakeClient();

  const { result } = await play((run) => run.transaction("order", open(client), insert));

  expect([result.exitCode, namesIn(client.database), markersIn(client.database).length]).toEqual([
    0,
    ["a"],
    1,
  ]);
  expect(client.said).toEqual([
    "CREATE TABLE",
    "SELECT DISTINCT",
    "BEGIN",
    "INSERT INTO",
    "INSERT INTO",
    'UPDATE "holdfast_step"',
    "COMMIT",
  ]);
});

test.for(ofKind)("by %s of pg it begins at the level that is asked for", async ([, open]) => {
  const client = fakeClient();

  await play((run) =>
    run.transaction("order", open(client), insert, { isolation: "serializable" }),
  );

  expect(client.said[2]).toBe("BEGIN ISOLATION LEVEL SERIALIZABLE");
});

test.for<[code: string, at: string]>([
  ["40001", "COMMIT"],
  ["40P01", "INSERT INTO orders"],
])("a conflict (%s at %s) takes it back, and it is done again as a whole", async ([code, at]) => {
  const client = fakeClient();
  client.trouble.push({ at, code, times: 2 });

  const { result, steps } = await play((run) => run.transaction("order", fakePool(client), insert));

  expect([result.exitCode, namesIn(client.database)]).toEqual([0, ["a"]]);
  expect(steps[0]?.attempts.map(({ fault }) => fault)).toEqual([
    { class: "transient", code: `SQLSTATE_${code}`, effect: "none" },
    { class: "transient", code: `SQLSTATE_${code}`, effect: "none" },
    undefined,
  ]);
  expect(client.releases.filter((isBroken) => isBroken).length).toBe(2);
});

test("a commit whose answer gets lost is looked up by its marker", async () => {
  const client = fakeClient();
  let isLost = false;
  const losing: QueryClient = {
    query: async (text, values) => {
      const answer = await client.query(text, values);
      if (text !== "COMMIT" || isLost) return answer;
      isLost = true;
      throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
    },
  };

  const { result, steps, types } = await play((run) =>
    run.transaction("order", losing, insert, { retry: { attempts: 1 } }),
  );

  expect([result.exitCode, namesIn(client.database), steps[0]?.toldBy]).toEqual([
    0,
    ["a"],
    "reconcile",
  ]);
  expect(types).toContain("step.reconciled");
});

test("a table that two make at the same moment is looked for again", async () => {
  const client = fakeClient();
  client.trouble.push({ at: "CREATE TABLE", code: "23505", times: 1 });

  const { result } = await play((run) => run.transaction("order", client, insert));

  expect(result.exitCode).toBe(0);
});

test("a rollback that fails says no other than why", async () => {
  const client = fakeClient();
  client.trouble.push({ at: "ROLLBACK", code: "08006", times: 1 });

  const { result } = await play((run) => run.transaction("order", client, () => fail()));

  expect(String(result.error)).toBe("Error: no");
});

/** After a statement that failed, Postgres refuses all others, and takes a commit for a rollback. */
function refusing(client: FakeClient): QueryClient {
  let isAborted = false;
  return {
    async query(text, values) {
      if (text === "COMMIT" || text === "ROLLBACK") {
        const end = isAborted ? "ROLLBACK" : text;
        isAborted = false;
        return client.query(end);
      }
      if (isAborted) throw Object.assign(new Error("it is aborted"), { code: "25P02" });
      try {
        return await client.query(text, values);
      } catch (error) {
        isAborted = true;
        throw error;
      }
    },
  };
}

test("an undo that swallows a failure of the database is not said to be done", async () => {
  const client = fakeClient();

  const { result } = await play(async (run) => {
    await run.transaction("order", refusing(client), insert, {
      async undo(database) {
        await database.query("DELETE FROM orders");
        await database.query("DELETE FROM nothing").catch(() => undefined);
      },
      undoRetry: { attempts: 1 },
    });
    fail();
  });

  expect([result.exitCode, namesIn(client.database), markersIn(client.database).length]).toEqual([
    81,
    ["a"],
    1,
  ]);
});
