/**
 * Claims a run: the one place where two processes may want the same thing at the same moment.
 *
 * Nothing is locked while this process thinks. It looks at the lease, judges it, and takes the run
 * over only while the lease is still the one that it looked at; else it looks again. The steps are read
 * by a later statement than the one that took the run over: only that sees what the former owner wrote
 * last, for it begins after the fence has grown.
 *
 * A claim carries a token of its own. When its connection broke before the answer came, it is repeated,
 * and whoever finds its own token has the run already.
 */

import { randomUUID } from "node:crypto";
import { JournalError, LeaseHeldError } from "../../core/errors.ts";
import { lockOf, type Claim, type Hold, type Owner } from "../../core/journal.ts";
import type { RunRecord, StepRecord } from "../../core/journal.ts";
import { leaseState, type IsGone } from "../lease.ts";
import { describeOwner } from "../owner.ts";
import { nameText, readRun, readStep } from "../records.ts";
import { leaseOf, ownerText, runColumns, stepColumns, stepRow } from "./columns.ts";
import type { PostgresClient, Row } from "./pool.ts";
import type { Statements } from "./statements.ts";

/** How often a lease may change between the look and the claim: each time another process was faster. */
const MAX_LOOKS = 20;

/** What all claims of a journal share. */
export interface Claims {
  readonly statements: Statements;
  readonly leaseMs: number;
  readonly isGone: IsGone;
  /** The time of day, or null for the database's. */
  readonly nowMs: () => number | null;
}

/** One claim, whose `take` may be repeated until it was answered. */
export interface Claiming<Answer> {
  take(client: PostgresClient): Promise<Answer>;
}

interface Claimant {
  readonly owner: string;
  readonly token: string;
}

/** Claims the unfinished run with the lock of `run`, or writes that. */
export function claimByLock(
  claims: Claims,
  run: RunRecord,
  owner: Owner,
  steps: readonly StepRecord[],
): Claiming<Claim> {
  const claimant = newClaimant(owner);
  const rows = steps.map((step) => stepRow({ runId: run.id, fence: 1 }, step));
  const columns = runColumns(run);
  const { id: runId } = run;
  const lock = nameText(lockOf(run));
  const insert = (): unknown[] => [
    nameText(runId),
    ...columns,
    claimant.token,
    claimant.owner,
    claims.nowMs(),
    claims.leaseMs,
    ...stepColumns(rows),
  ];
  const { insertRun, findUnfinished } = claims.statements;
  return {
    take: (client) =>
      untilTaken(async () => {
        const { rows: inserted } = await client.query(insertRun, insert());
        if (inserted.length > 0) {
          const hold = { runId, fence: 1 };
          if (rows.length > 0) return claimed(claims, client, hold, columns[7]);
          return { hold, run: readRun(columns[7] as string), isNew: true, steps: [] };
        }
        const { rows: found } = await client.query(findUnfinished, [lock, claims.nowMs()]);
        // Undefined when it has ended meanwhile, and the lock is free.
        return found[0] && takeUp(claims, client, claimant, found[0]);
      }, lockOf(run)),
  };
}

/** Claims this very run, if there is one. */
export function claimById(
  claims: Claims,
  runId: string,
  owner: Owner,
): Claiming<Claim | undefined> {
  const claimant = newClaimant(owner);
  return {
    take: (client) =>
      untilTaken(async () => {
        const values = [nameText(runId), claims.nowMs()];
        const { rows } = await client.query(claims.statements.findRun, values);
        return rows[0] === undefined ? "none" : takeUp(claims, client, claimant, rows[0]);
      }, runId).then((answer) => (answer === "none" ? undefined : answer)),
  };
}

function newClaimant(owner: Owner): Claimant {
  return { owner: ownerText(owner), token: randomUUID() };
}

async function untilTaken<Answer>(
  look: () => Promise<Answer | undefined>,
  name: string,
): Promise<Answer> {
  for (let looks = 1; looks <= MAX_LOOKS; looks++) {
    const answer = await look();
    if (answer !== undefined) return answer;
  }
  throw new JournalError(
    `"${name}" changed hands ${MAX_LOOKS} times while it was being claimed: start again`,
  );
}

/** Answers `undefined` when the lease changed since it was looked at. */
async function takeUp(
  claims: Claims,
  client: PostgresClient,
  claimant: Claimant,
  found: Row,
): Promise<Claim | undefined> {
  // Read before anything is written, so that a damaged record leaves the run to be claimed.
  const run = readRun(found["record"] as string);
  const hold = { runId: run.id, fence: Number(found["fence"]) };
  if (found["token"] === claimant.token) return claimed(claims, client, hold, found["record"]);
  await requireFree(claims, client, run, found);
  const { rows } = await client.query(claims.statements.takeOver, [
    nameText(run.id),
    hold.fence,
    found["is_unfinished"],
    found["owner"],
    found["renewed_at_ms"],
    claimant.token,
    claimant.owner,
    claims.nowMs(),
    claims.leaseMs,
  ]);
  const [taken] = rows;
  if (taken === undefined) return undefined;
  return claimed(claims, client, { ...hold, fence: hold.fence + 1 }, taken["record"]);
}

async function requireFree(
  { statements, isGone }: Claims,
  client: PostgresClient,
  run: RunRecord,
  found: Row,
): Promise<void> {
  const lease = leaseOf(found);
  const nowMs = Number(found["now_ms"]);
  const state = leaseState(lease, nowMs, isGone);
  if (lease === undefined || state === "free") return;
  if (state === "ahead") {
    const values = [nameText(run.id), found["fence"], lease.renewedAtMs, nowMs];
    await client.query(statements.setRenewal, values);
  }
  throw new LeaseHeldError(run.id, run.automation, describeOwner(lease.owner));
}

/** The claim of a run that is held by now. */
async function claimed(
  { statements }: Claims,
  client: PostgresClient,
  hold: Hold,
  record: unknown,
): Promise<Claim> {
  const id = nameText(hold.runId);
  const { rows } = await client.query(statements.findSteps, [id]);
  try {
    const steps = rows.map((row) => readStep(row["record"] as string));
    // Only a new run has the first fence.
    return { hold, run: readRun(record as string), isNew: hold.fence === 1, steps };
  } catch (error) {
    // A damaged record: the run is left to be claimed by whoever mends it.
    await client.query(statements.release, [id, hold.fence]);
    throw error;
  }
}
