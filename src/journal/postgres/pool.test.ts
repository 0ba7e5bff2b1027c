import { expect, test } from "vitest";
import { JournalError, LeaseHeldError } from "../../core/errors.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import {
  NoAnswerError,
  placeOf,
  withClient,
  type PostgresClient,
  type PostgresPool,
} from "./pool.ts";

/** A pool that lends one connection, once it is told to, and what became of that. */
function lender(clock: VirtualClock) {
  const released: (boolean | undefined)[] = [];
  const listeners = new Set<unknown>();
  const client: PostgresClient = {
    query: async () => ({ rows: [] }),
    release: (destroy) => void released.push(destroy),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  const lent = Promise.withResolvers<PostgresClient>();
  const pool = { connect: () => lent.promise } as PostgresPool;
  return {
    lending: { pool, limitMs: 100, clock },
    lend: () => lent.resolve(client),
    refuse: (error: Error) => lent.reject(error),
    released,
    listeners,
  };
}

test("a connection is given back after its work, and no timer is left", async () => {
  const clock = new VirtualClock();
  const { lending, lend, released, listeners } = lender(clock);
  lend();

  const answer = await withClient(lending, async () => listeners.size);

  expect({ answer, released, left: listeners.size, pending: clock.pending }).toEqual({
    answer: 1,
    released: [false],
    left: 0,
    pending: 0,
  });
});

test.for<[error: Error, isClosed: boolean]>([
  [new Error("broken"), true],
  [new JournalError("in the middle of a transaction"), true],
  [new LeaseHeldError("run-1", "nightly", "process 1 on alpha"), false],
])("after %s its connection is closed: %s", async ([error, isClosed]) => {
  const { lending, lend, released } = lender(new VirtualClock());
  lend();

  await expect(withClient(lending, () => Promise.reject(error))).rejects.toBe(error);

  expect(released).toEqual([isClosed]);
});

test("work that does not end in time is given up, and its connection is closed", async () => {
  const clock = new VirtualClock();
  const { lending, lend, released } = lender(clock);
  lend();

  const late = clock.settle(() => withClient(lending, () => new Promise(() => {})));

  await expect(late).rejects.toThrow(NoAnswerError);
  expect([released, clock.elapsed()]).toEqual([[true], 100]);
});

test("a connection that comes too late is given back unused", async () => {
  const clock = new VirtualClock();
  const { lending, lend, released } = lender(clock);
  const late = clock.settle(() => withClient(lending, async () => "never"));
  await expect(late).rejects.toThrow("no answer within 100 ms");

  lend();
  await Promise.resolve();
  await Promise.resolve();

  expect(released).toEqual([undefined]);
});

test("no connection is told as it is", async () => {
  const { lending, refuse } = lender(new VirtualClock());
  refuse(new Error("too many"));

  await expect(withClient(lending, async () => "never")).rejects.toThrow("too many");
});

test.for<[options: object | undefined, place: string]>([
  [undefined, "localhost:5432"],
  [{}, "localhost:5432"],
  [
    { host: "db.example", port: 6543, database: "app", user: "bob", password: "x" },
    "db.example:6543/app",
  ],
  [
    { connectionString: "postgres://bob:hunter2@db.example/app?sslmode=require" },
    "db.example:5432/app",
  ],
  [{ connectionString: "postgres://bob:hunter2@db.example:6543" }, "db.example:6543"],
  [{ connectionString: "/var/run/postgresql app", password: "x" }, "localhost:5432"],
])("of %o only the place is told", ([options, place]) => {
  expect(placeOf({ options } as PostgresPool)).toBe(place);
});
