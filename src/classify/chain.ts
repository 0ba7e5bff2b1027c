/**
 * Looks for what an error means in the whole of its chain: its causes, the members of an
 * AggregateError, and what a SuppressedError holds.
 *
 * The deepest link that means anything wins, for it is nearest to what happened: "fetch failed" is
 * nothing, its cause's cause ECONNREFUSED is all. A link that was classified, or that carries its
 * fault, has the last word on what is below it.
 */

import { knownFault, type Effect, type Fault, type FaultClass } from "../core/fault.ts";
import { childProcessFault } from "./child-process.ts";
import { codeFault, nameFault } from "./codes.ts";
import { grpcFault } from "./grpc.ts";
import { httpFault } from "./http.ts";
import { postgresFault } from "./sqlstate.ts";
import { findProperty, findText, isHolder } from "./property.ts";
import { redisFault } from "./redis.ts";
import { sqliteFault } from "./sqlite.ts";

/** What one link says, asked in this order. */
const SIGNS: readonly ((link: object) => Fault | undefined)[] = [
  httpFault,
  grpcFault,
  sqliteFault,
  postgresFault,
  redisFault,
  childProcessFault,
  codeFault,
  nameFault,
];

/** No chain that means anything is longer; a hostile one ends here. */
const MOST_LINKS = 10_000;

interface Visit {
  readonly link: object;
  /** What the links above say. */
  readonly above: Fault | undefined;
}

/** The fault of the deepest link that has one; over the ends of several branches, `hopeful`. */
export function deepestFault(error: unknown): Fault | undefined {
  if (!isHolder(error)) return undefined;
  const seen = new Set<object>([error]);
  const waiting: Visit[] = [{ link: error, above: undefined }];
  const ends: (Fault | undefined)[] = [];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const carried = findCarried(visit.link);
    const fault = carried ?? findSign(visit.link) ?? visit.above;
    const below = carried === undefined ? linksBelow(visit.link) : [];
    const unseen = below.filter((link) => !seen.has(link)).slice(0, MOST_LINKS - seen.size);
    for (const link of unseen) seen.add(link);
    if (unseen.length === 0) ends.push(fault);
    // The last one pushed is the next one visited: the first branch comes first.
    else waiting.push(...unseen.toReversed().map((link) => ({ link, above: fault })));
  }
  return hopeful(ends);
}

function findCarried(link: object): Fault | undefined {
  try {
    return knownFault(link);
  } catch {
    return undefined;
  }
}

function findSign(link: object): Fault | undefined {
  for (const sign of SIGNS) {
    const fault = sign(link);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function linksBelow(error: object): object[] {
  const members = findProperty(error, "errors");
  const isSuppressed = findText(error, "name") === "SuppressedError";
  return [
    findProperty(error, "cause"),
    ...(isSuppressed ? [findProperty(error, "suppressed"), findProperty(error, "error")] : []),
    ...(Array.isArray(members) ? (members as unknown[]) : []),
  ].filter(isHolder);
}

/**
 * Which class stands for several. One member that is worth another attempt makes the whole worth
 * it. Among those the one that got nearest to the service tells most: of a host's two addresses one
 * is unreachable and one refuses, so the service is down.
 */
const HOPE: readonly FaultClass[] = ["degraded", "timeout", "transient", "unknown", "fatal"];

/** Which effect stands for several: what any of them may have done. */
const CARE: readonly Effect[] = ["none", "partial", "unknown"];

/** One fault for several branches; those that mean nothing (`undefined`) may have had any effect. */
function hopeful(ends: readonly (Fault | undefined)[]): Fault | undefined {
  const known = ends.filter((fault) => fault !== undefined);
  const chosen = HOPE.map((name) => known.find((fault) => fault.class === name)).find(Boolean);
  if (chosen === undefined) return undefined;
  const effects = ends.map((fault) => CARE.indexOf(fault?.effect ?? "unknown"));
  return { ...chosen, effect: CARE[Math.max(...effects)] ?? "unknown" };
}
