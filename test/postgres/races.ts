/**
 * Forced races between a former owner that still writes and a new one that claims its run.
 *
 * The row of each run is locked by a third party until both stand in line for it, so that each race is
 * one. Afterwards what both were told must fit what is there. As a program, which exits with 1 when it
 * does not:
 *
 *     node test/postgres/races.ts [RACES]
 */

import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { Claim, Hold, Journal, Owner, RunRecord, StepRecord } from "../../src/core/journal.ts";
import { postgresJournal } from "../../src/journal/postgres/index.ts";
import { startServer } from "./server.ts";

/** So many are run side by side, each with connections of its own. */
const TOGETHER = 20;

const OWNER: Owner = { host: "here", bootId: "", pidNamespace: "", pid: 1, startTime: "" };

/** What came of the races. */
export interface Outcome {
  readonly races: number;
  /** The write came first. */
  readonly recorded: number;
  /** The claim came first, and the write was refused. */
  readonly refused: number;
  /** The former owner was told that its step is recorded and it is not, or the other way round. */
  readonly toldWrongly: number;
  /** The new owner was not shown a step that was recorded before. */
  readonly notSeen: number;
}

/** Runs at least so many races in a schema of their own. */
export async function race(url: string, schema: string, races: number): Promise<Outcome> {
  const [former, next, third] = [TOGETHER, TOGETHER, 2].map(
    (max) => new pg.Pool({ connectionString: url, application_name: schema, max }),
  ) as [pg.Pool, pg.Pool, pg.Pool];
  former.setMaxListeners(2 * TOGETHER);
  // Each writes by itself, for one journal would write all steps by one statement.
  const open = (pool: pg.Pool): Journal => postgresJournal(pool, { schema, isGone: () => true });
  const writers = Array.from({ length: TOGETHER }, () => open(former));
  const claimant = open(next);
  const outcomes: Told[] = [];
  try {
    for (let round = 0; outcomes.length < races; round++) {
      const holds = await Promise.all(
        writers.map(async (writer, index) => {
          const claim = await writer.claim(runRecord(`run-${round}-${index}`), OWNER);
          return claim.hold;
        }),
      );
      const unlock = await lock(third, schema, holds);
      // Who stands first in line is served first.
      const isWriteFirst = round % 2 === 0;
      const write = () =>
        holds.map((hold, index) =>
          isWritten((writers[index] as Journal).writeStep(hold, step(hold))),
        );
      const claim = () => holds.map(({ runId }) => claimant.claimRun(runId, OWNER));
      const written = isWriteFirst ? write() : undefined;
      if (isWriteFirst) await waiting(third, schema, TOGETHER);
      const claims = claim();
      if (!isWriteFirst) await waiting(third, schema, TOGETHER);
      const told = written ?? write();
      await waiting(third, schema, 2 * TOGETHER);
      await unlock();
      outcomes.push(...(await judge(await Promise.all(told), await Promise.all(claims), claimant)));
    }
  } finally {
    await Promise.all([former, next, third].map((pool) => pool.end()));
  }
  return sumUp(outcomes);
}

interface Told {
  /** What the former owner was told. */
  readonly isWritten: boolean;
  /** What the new owner was shown. */
  readonly isSeen: boolean;
  /** What is there. */
  readonly isThere: boolean;
}

async function judge(
  told: readonly boolean[],
  claims: readonly (Claim | undefined)[],
  journal: Journal,
): Promise<Told[]> {
  return Promise.all(
    told.map(async (isWritten, index) => {
      const claim = claims[index] as Claim;
      const steps = await journal.readSteps(claim.run.id);
      await journal.writeRun(claim.hold, { ...claim.run, status: "succeeded" });
      return { isWritten, isSeen: claim.steps.length > 0, isThere: steps.length > 0 };
    }),
  );
}

function sumUp(outcomes: readonly Told[]): Outcome {
  const count = (fits: (told: Told) => boolean): number => outcomes.filter(fits).length;
  return {
    races: outcomes.length,
    recorded: count(({ isWritten }) => isWritten),
    refused: count(({ isWritten }) => !isWritten),
    toldWrongly: count(({ isWritten, isThere }) => isWritten !== isThere),
    notSeen: count(({ isSeen, isThere }) => isSeen !== isThere),
  };
}

async function lock(pool: pg.Pool, schema: string, holds: readonly Hold[]) {
  const client = await pool.connect();
  await client.query("BEGIN");
  const ids = holds.map(({ runId }) => runId);
  await client.query(`SELECT FROM ${schema}.runs WHERE id = ANY ($1) FOR UPDATE`, [ids]);
  return async () => {
    await client.query("COMMIT");
    client.release();
  };
}

/** Resolves when so many connections stand in line for a lock. */
async function waiting(pool: pg.Pool, name: string, count: number): Promise<void> {
  for (let look = 0; look < 5_000; look++) {
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [name],
    );
    if (rows[0]?.count === count) return;
    await setTimeout(2);
  }
  throw new Error(`There never were ${count} in line`);
}

async function isWritten(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "LEASE_LOST") throw error;
    return false;
  }
}

function runRecord(id: string): RunRecord {
  const [status, codeHash, input] = ["running", "", "{}"] as const;
  return { id, automation: id, status, codeHash, input, startedAtMs: 0, resumes: 0 };
}

function step({ runId }: Hold): StepRecord {
  return {
    runId,
    task: "",
    name: "step",
    kind: "step",
    position: 1,
    status: "completed",
    generation: 1,
    key: "",
    attempts: [],
    startedAtMs: 0,
    effect: "none",
    undo: "none",
    undoAttempts: [],
  };
}

if (import.meta.main) {
  const server = await startServer();
  try {
    const outcome = await race(server.url, "races", Number(process.argv[2] ?? 3_000));
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
    process.exitCode = outcome.toldWrongly + outcome.notSeen === 0 ? 0 : 1;
  } finally {
    await server.end();
  }
}
