/**
 * The journal in Postgres, for all processes of many machines: what the one in a file promises, kept by
 * a server.
 *
 * A write is committed before its promise resolves. When the connection breaks before the answer, it
 * is repeated on another one, for as long as `outage` says. That is safe, for every write is a put: of
 * a whole record under a fence and with a revision (writeRun, writeStep), of a moment (renew), of
 * nothing (release). Those that take what others may want carry a token by which a repetition knows
 * that it was done before: a claim, and a shared value. Deleted runs stay deleted (prune).
 */

import { randomUUID } from "node:crypto";
import type { Duration } from "../../core/duration.ts";
import { JournalError, LeaseLostError, OptionsError } from "../../core/errors.ts";
import { lockOf } from "../../core/journal.ts";
import type {
  Claim,
  Hold,
  Journal,
  Owner,
  Retention,
  RunFilter,
  RunRecord,
  StepFilter,
  StepRecord,
} from "../../core/journal.ts";
import { duration, flag, part, readOptions, text, type Reader } from "../../core/options.ts";
import type { Clock } from "../../core/clock.ts";
import type { SharedChange, SharedFilter, SharedValue } from "../../core/shared-state.ts";
import { systemClock, systemRandom } from "../../core/system.ts";
import { holderOf, LEASE_READERS, renewEveryMs, type LeaseOptions } from "../lease.ts";
import {
  endOf,
  nameText,
  readFilter,
  readRetention,
  readRun,
  readSharedFilter,
  readStep,
  readStepFilter,
  requireSameRun,
} from "../records.ts";
import { claimById, claimByLock, type Claiming, type Claims } from "./claims.ts";
import { leaseOf, runColumns, sharedValueOf, stepRow } from "./columns.ts";
import { isOutage, toJournalError } from "./errors.ts";
import { findRuns, findSteps, rowLimit } from "./find.ts";
import { waitOut } from "./outage.ts";
import {
  ignoreBrokenConnection,
  placeOf,
  withClient,
  type PostgresClient,
  type PostgresPool,
  type Row,
} from "./pool.ts";
import { pruneRuns } from "./prune.ts";
import { openSchema } from "./schema.ts";
import { statementsFor, type Statements } from "./statements.ts";
import { StepWriter } from "./step-writer.ts";
import { Turns } from "./turns.ts";
import { writeValue } from "./write-value.ts";

/** How a Postgres journal behaves. */
export interface PostgresJournalOptions extends Omit<LeaseOptions, "clock"> {
  /** The schema that its tables are in, made at the first use. Default `"holdfast"`. */
  readonly schema?: string | undefined;
  /**
   * Reads the time of day, by which leases run out. Default: the database's own clock, for machines
   * that share a journal have several.
   */
  readonly clock?: LeaseOptions["clock"];
  /**
   * How long a call goes on trying while the server cannot be reached, is starting or breaks the
   * connection. Default `"15s"`.
   */
  readonly outage?: Duration | undefined;
  /** How long a call waits for one answer, waiting for a connection included. Default `"30s"`. */
  readonly timeout?: Duration | undefined;
  /** Whether `close` also ends the pool. Default: no, for it is the caller's. */
  readonly endPool?: boolean | undefined;
}

const READERS = {
  ...LEASE_READERS,
  clock: part<Pick<Clock, "now">, undefined>({ methods: ["now"], default: undefined }),
  schema: text({ default: "holdfast" }),
  outage: duration({ default: 15_000 }),
  timeout: duration({ min: 1, default: 30_000 }),
  endPool: flag({ default: false }),
} satisfies Record<keyof PostgresJournalOptions, Reader<unknown>>;

const readPool = part<PostgresPool, undefined>({
  methods: ["connect", "on", "off", "end"],
  default: undefined,
});

/** Postgres cuts longer names off. */
const LONGEST_SCHEMA = 63;

/**
 * Keeps the journal in a Postgres database, version 13 or newer, whose encoding is UTF8.
 *
 * Nothing is asked of the server before the first call. That makes the tables, or waits for another
 * process that does.
 *
 * @param pool What lends connections: `new Pool()` of the package `pg`. A broken connection never ends
 * the process: the journal listens to the pool's `error` event until it is closed.
 * @throws {OptionsError} At once, if an option is unknown or out of range.
 */
export function postgresJournal(pool: PostgresPool, options: PostgresJournalOptions = {}): Journal {
  const settled = readOptions("postgresJournal", options, READERS);
  if (readPool(pool, "postgresJournal.pool") === undefined) {
    throw new OptionsError("postgresJournal.pool", "expected a Pool of pg, received undefined");
  }
  if (Buffer.byteLength(settled.schema) > LONGEST_SCHEMA || settled.schema.includes("\0")) {
    throw new OptionsError(
      "postgresJournal.schema",
      `expected a name of at most ${LONGEST_SCHEMA} bytes`,
    );
  }
  return new PostgresJournal(pool, settled);
}

type Settled = ReturnType<typeof readOptions<typeof READERS>>;

class PostgresJournal implements Journal {
  readonly renewEveryMs: number;
  readonly #pool: PostgresPool;
  readonly #options: Settled;
  readonly #statements: Statements;
  readonly #claims: Claims;
  readonly #name: string;
  readonly #turns = new Turns();
  readonly #steps: StepWriter;
  #opened: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(pool: PostgresPool, options: Settled) {
    this.#pool = pool;
    this.#options = options;
    this.renewEveryMs = renewEveryMs(options.lease);
    this.#name = `Journal "${options.schema}" in Postgres at ${placeOf(pool)}`;
    this.#statements = statementsFor(options.schema);
    const { lease: leaseMs, isGone } = options;
    this.#claims = { statements: this.#statements, leaseMs, isGone, nowMs: () => this.#nowMs() };
    this.#steps = new StepWriter((values) => this.#rows(this.#statements.writeSteps, values));
    pool.on("error", ignoreBrokenConnection);
  }

  async claim(run: RunRecord, owner: Owner, steps: readonly StepRecord[] = []): Promise<Claim> {
    this.#requireOpen();
    for (const step of steps) requireSameRun(run.id, step.runId);
    const claiming = claimByLock(this.#claims, run, owner, steps);
    return this.#take(`lock ${lockOf(run)}`, claiming);
  }

  async claimRun(runId: string, owner: Owner): Promise<Claim | undefined> {
    this.#requireOpen();
    return this.#take(`run ${runId}`, claimById(this.#claims, runId, owner));
  }

  async renew({ runId, fence }: Hold): Promise<void> {
    const values = () => [nameText(runId), fence, this.#nowMs(), this.#options.lease];
    await this.#underHold(runId, () => this.#rows(this.#statements.renew, values()));
  }

  async release({ runId, fence }: Hold): Promise<void> {
    const values = [nameText(runId), fence];
    await this.#afterSteps(runId, () => this.#rows(this.#statements.release, values));
  }

  async writeRun({ runId, fence }: Hold, run: RunRecord): Promise<void> {
    requireSameRun(runId, run.id);
    const values = [nameText(runId), fence, ...runColumns(run)];
    await this.#underHold(runId, () => this.#rows(this.#statements.updateRun, values));
  }

  async writeStep(hold: Hold, step: StepRecord): Promise<void> {
    requireSameRun(hold.runId, step.runId);
    this.#requireOpen();
    await this.#turns.noted(this.#steps.add(stepRow(hold, step)));
  }

  async findRun(runId: string): Promise<RunRecord | undefined> {
    const [row] = await this.#find(this.#statements.findRun, [nameText(runId), null]);
    return row === undefined ? undefined : readRun(row["record"] as string);
  }

  async findHolder(runId: string): Promise<Owner | undefined> {
    const [row] = await this.#find(this.#statements.findRun, [nameText(runId), this.#nowMs()]);
    const { isGone } = this.#options;
    return row === undefined ? undefined : holderOf(leaseOf(row), Number(row["now_ms"]), isGone);
  }

  async findRuns(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
    const { text: sql, values } = findRuns(this.#options.schema, readFilter(filter));
    return (await this.#find(sql, values)).map((row) => readRun(row["record"] as string));
  }

  async readSteps(runId: string, filter: StepFilter = {}): Promise<readonly StepRecord[]> {
    const { text: sql, values } = findSteps(this.#options.schema, runId, readStepFilter(filter));
    return (await this.#find(sql, values)).map((row) => readStep(row["record"] as string));
  }

  /** Deletes page by page, so what a failure leaves is whole. */
  async prune(retention: Retention): Promise<readonly string[]> {
    const settled = readRetention(retention);
    this.#requireOpen();
    const before = this.#turns.settled();
    const pruning = { ...this.#claims, ask: this.#ask.bind(this) };
    return this.#turns.noted(before.then(() => pruneRuns(settled, pruning)));
  }

  async readState(key: string): Promise<SharedValue | undefined> {
    const [row] = await this.#find(this.#statements.findState, [nameText(key)]);
    return row === undefined ? undefined : sharedValueOf(row);
  }

  async readStates(filter: SharedFilter): Promise<readonly SharedValue[]> {
    const { prefix, after, limit } = readSharedFilter(filter);
    const first = nameText(prefix);
    const values = [first, endOf(first), nameText(after), rowLimit(limit)];
    return (await this.#find(this.#statements.findStates, values)).map(sharedValueOf);
  }

  async writeState(change: SharedChange): Promise<boolean> {
    this.#requireOpen();
    const token = randomUUID();
    const write = (client: PostgresClient, attempt: number) =>
      writeValue(client, this.#statements, { ...change, token, isRepeated: attempt > 1 });
    return this.#turns.inTurn(`key ${change.key}`, () => this.#ask(write));
  }

  /** Waits for what was asked for before. */
  close(): Promise<void> {
    this.#closed ??= this.#turns.settled().then(async () => {
      if (this.#options.endPool) await this.#pool.end();
      this.#pool.off("error", ignoreBrokenConnection);
    });
    return this.#closed;
  }

  #take<Answer>(thing: string, claiming: Claiming<Answer>): Promise<Answer> {
    return this.#turns.inTurn(thing, () => this.#ask((client) => claiming.take(client)));
  }

  async #underHold(runId: string, write: () => Promise<readonly Row[]>): Promise<void> {
    const rows = await this.#afterSteps(runId, write);
    if (rows.length === 0) throw new LeaseLostError(runId);
  }

  /** Steps that were asked to be written before are written before. */
  async #afterSteps<Value>(runId: string, write: () => Promise<Value>): Promise<Value> {
    this.#requireOpen();
    const steps = this.#steps.settled();
    return this.#turns.inTurn(`run ${runId}`, () => steps.then(write));
  }

  /** A read sees every write that was asked for before it. */
  async #find(sql: string, values: unknown[]): Promise<readonly Row[]> {
    this.#requireOpen();
    await this.#turns.settled();
    return this.#rows(sql, values);
  }

  #rows(sql: string, values: unknown[]): Promise<readonly Row[]> {
    return this.#ask(async (client) => (await client.query(sql, values)).rows);
  }

  /** Does `work` on a connection, and again on another one after an outage. */
  async #ask<Value>(
    work: (client: PostgresClient, attempt: number) => Promise<Value>,
  ): Promise<Value> {
    const { outage: limitMs, timeout } = this.#options;
    const lending = { pool: this.#pool, limitMs: timeout, clock: systemClock };
    const patience = { limitMs, isOutage, clock: systemClock, random: systemRandom };
    try {
      return await waitOut(
        (attempt) =>
          withClient(lending, async (client) => {
            await this.#open(client);
            return work(client, attempt);
          }),
        patience,
      );
    } catch (error) {
      throw toJournalError(error, this.#name);
    }
  }

  #open(client: PostgresClient): Promise<void> {
    this.#opened ??= openSchema(client, this.#options.schema, this.#name).catch(
      (error: unknown) => {
        this.#opened = undefined;
        throw error;
      },
    );
    return this.#opened;
  }

  #nowMs(): number | null {
    return this.#options.clock?.now() ?? null;
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) throw new JournalError(`${this.#name} is closed`);
  }
}
