/** What is in a journal: runs that wait for somebody, and moments that cannot be. Pure rules. */

import { formatMs } from "../core/duration.ts";
import type { Owner, RunRecord } from "../core/journal.ts";
import { formatBytes } from "../core/size.ts";
import { describeOwner } from "../journal/owner.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

/** An unfinished run, and what is known of who holds it. */
export interface OpenRun {
  readonly run: Pick<RunRecord, "id" | "automation" | "status" | "file">;
  readonly owner: Owner | undefined;
  /** As `isGone` says; `undefined` where that cannot be told from here. */
  readonly isGone: boolean | undefined;
  readonly renewedAtMs: number;
  readonly lengthMs: number;
}

/** A finding for each unfinished run, or one that there is none. */
export function judgeRuns(open: readonly OpenRun[], nowMs: number): Finding[] {
  if (open.length === 0) return [ok("runs", "none is unfinished")];
  return open.map((each) => judgeRun(each, nowMs));
}

function judgeRun({ run, owner, isGone, renewedAtMs, lengthMs }: OpenRun, nowMs: number): Finding {
  const name = `run ${run.id} of "${run.automation}"`;
  const check = "runs";
  if (owner !== undefined && isGone === false) {
    return ok(check, `${name} is held by ${describeOwner(owner)}, which lives`);
  }
  const leftMs = renewedAtMs + lengthMs - nowMs;
  if (owner !== undefined && isGone === undefined && leftMs > 0) {
    return warning(
      check,
      `${name} is held by ${describeOwner(owner)}, of which nothing can be told from here; its lease ends in ${formatMs(leftMs)}`,
      "wait: while it lives it renews its lease",
    );
  }
  if (run.status === "in doubt") {
    return warning(
      check,
      `${name} is in doubt: nobody knows whether a step happened`,
      `holdfast show ${run.id}`,
    );
  }
  const why = run.status === "interrupted" ? "was interrupted" : "was cut off: its process is gone";
  const again = run.file === undefined ? "start its automation again" : `holdfast run ${run.file}`;
  return warning(check, `${name} ${why}`, again);
}

/** A clock may be a little off between two machines. */
const TOLERANCE_MS = 5_000;

/** Whether anything was written in the future. */
export function judgeClock(newestAtMs: number | undefined, nowMs: number): Finding {
  const aheadMs = (newestAtMs ?? -Infinity) - nowMs;
  if (aheadMs <= TOLERANCE_MS) return ok("clock", "nothing in the journal is from the future");
  return warning(
    "clock",
    `something was written ${formatMs(aheadMs)} in the future: the clock was set back, or was wrong then`,
    "see whether the clock is right: timedatectl",
  );
}

/** Above this, listing and backing up begin to take seconds. */
const LARGE_BYTES = 1e9;

/** How large everything is. */
export function judgeSize(sizes: {
  readonly journal: number;
  readonly log: number;
  readonly free: number;
  readonly logs: number;
}): Finding {
  const { journal, log, free, logs } = sizes;
  const says = `journal ${formatBytes(journal)} (${formatBytes(free)} of it free), its newest writes ${formatBytes(log)}, logs ${formatBytes(logs)}`;
  const isLarge = journal - free + logs > LARGE_BYTES;
  return isLarge ? warning("size", says, "holdfast prune --dry-run") : ok("size", says);
}

/** Who reads and writes it. */
export function judgeVersions(versions: {
  readonly holdfast: string;
  readonly node: string;
  readonly sqlite: string;
  readonly schema: number;
  readonly knownSchema: number;
}): Finding {
  const { holdfast, node, sqlite, schema, knownSchema } = versions;
  const says = `holdfast ${holdfast}, Node ${node}, SQLite ${sqlite}, schema ${schema}`;
  if (schema > knownSchema)
    return problem("versions", `${says}, known here up to ${knownSchema}`, "update holdfast");
  const isOld = schema < knownSchema;
  return ok("versions", isOld ? `${says}, which the next run brings up to ${knownSchema}` : says);
}
