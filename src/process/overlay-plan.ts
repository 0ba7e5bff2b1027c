/** What has to be done to put changes in place. Pure. */

import { basename, dirname, join } from "node:path";
import { isWithin } from "../core/permissions.ts";
import type { FileChange } from "./overlay-changes.ts";

/** What is copied into one directory, beside what it is for. */
export interface StagePlan {
  /** Where it lies in the layer. */
  readonly source: string;
  /** The directory that is made for it. */
  readonly stage: string;
  /** All that is copied, relative to `source`, directories before what is in them. */
  readonly names: readonly string[];
}

/** A move as it is planned: how the old thing looks is not known yet. */
export interface PlannedMove {
  readonly from?: string | undefined;
  readonly to: string;
  readonly aside: string;
}

/** See the header. */
export interface CommitPlan {
  /** In whose directories something is put in place or goes. */
  readonly stages: readonly string[];
  readonly copies: readonly StagePlan[];
  readonly moves: readonly PlannedMove[];
  /** What stays, and is given other rights or another time. */
  readonly kept: readonly FileChange[];
}

/** @param mark A name that nobody else uses: the stages are called by it. */
export function planCommit(changes: readonly FileChange[], mark: string): CommitPlan {
  const stays = ({ change, kind, replaces }: FileChange) =>
    change === "touched" || (change === "changed" && kind === "directory" && replaces !== true);
  const kept = changes.filter(stays);
  const tops = topsOf(changes.filter((change) => !stays(change)));
  const stageOf = (path: string) => join(dirname(path), `.${mark}`);
  const moves = tops.map(({ path, source }, index): PlannedMove => ({
    to: path,
    aside: join(stageOf(path), `gone-${index}`),
    ...(source === undefined ? {} : { from: join(stageOf(path), "new", basename(path)) }),
  }));
  const stages = [...new Set(tops.map(({ path }) => stageOf(path)))];
  return { stages, copies: copiesOf(tops, changes, stageOf), moves, kept };
}

/** What lies in a directory that is new goes with it. Directories come before what is in them. */
function topsOf(changes: readonly FileChange[]): readonly FileChange[] {
  const tops: FileChange[] = [];
  let newDirectory: string | undefined;
  for (const change of changes) {
    if (newDirectory !== undefined && isWithin(change.path, [newDirectory])) continue;
    tops.push(change);
    if (change.kind === "directory" && change.source !== undefined) newDirectory = change.path;
  }
  return tops;
}

function copiesOf(
  tops: readonly FileChange[],
  changes: readonly FileChange[],
  stageOf: (path: string) => string,
): StagePlan[] {
  const names = new Map<string, { readonly source: string; readonly names: string[] }>();
  let top: FileChange | undefined;
  const starts = new Map(tops.map((each) => [each.path, each]));
  for (const { path, source } of changes) {
    top = starts.get(path) ?? top;
    if (source === undefined || top === undefined || !isWithin(path, [top.path])) continue;
    const parent = dirname(top.path);
    const stage = stageOf(top.path);
    const group = names.get(stage) ?? { source: dirname(top.source ?? source), names: [] };
    group.names.push(path.slice(parent === "/" ? 1 : parent.length + 1));
    names.set(stage, group);
  }
  return [...names].map(([stage, group]) => ({ stage, ...group }));
}
