/**
 * Whether a finished step was done again, by traces that no step can avoid: a file is written under
 * another name before it is renamed, an object is asked for before it is copied, uploaded or deleted.
 */

import type { StepRecord } from "../../src/core/journal.ts";
import type { LedgerEntry } from "../../src/testing/index.ts";
import { NAME } from "./night.ts";
import { subjectOf } from "./windows.ts";

/** What happened after the kill. */
export interface Aftermath {
  readonly requests: readonly Pick<LedgerEntry, "method" | "name" | "key">[];
  /** The names in the workspace that came, went or changed. */
  readonly names: ReadonlySet<string>;
}

type Trace = (step: StepRecord, steps: readonly StepRecord[], aftermath: Aftermath) => boolean;

/** By the first words of the step's name. Moving to the trash and emptying it find nothing to do again. */
const TRACES: Readonly<Record<string, Trace>> = {
  "snapshot database": ({ key }, _, { names }) => names.has(`${key}.sqlite.partial`),
  manifest: ({ key }, _, { names }) => names.has(`${key}.manifest.jsonl.partial`),
  archive: ({ key }, _, { names }) => names.has(`${key}.tar.gz.partial`),
  "rehearse restore": ({ key }, _, { names }) => names.has(`${key}.restored`),
  checksum: (_, steps, { names }) => {
    const archive = steps.find(({ name }) => name === "archive");
    return names.has(`${archive?.key}.tar.gz.sha256.partial`);
  },
  "upload ": ({ key }, _, { requests }) => requests.some((request) => request.key === key),
  "read back ": asked("GET"),
  "list old backups": (_, __, { requests }) => requests.some(({ method }) => method === "LIST"),
  "move old files to the trash": () => false,
  "copy ": asked("GET"),
  "delete ": asked("DELETE"),
  "empty the former trash": () => false,
};

/** The steps that were finished before the kill and were done again after it. */
export function findRepeated(steps: readonly StepRecord[], aftermath: Aftermath): string[] {
  const finished = steps.filter(({ kind, status }) => kind !== "task" && status === "completed");
  return finished.filter((step) => traceOf(step)(step, steps, aftermath)).map(subjectOf);
}

function traceOf({ name }: StepRecord): Trace {
  const found = Object.entries(TRACES).find(([words]) => name.startsWith(words));
  if (found === undefined) throw new Error(`Nobody knows the traces of step "${name}"`);
  return found[1];
}

/** A request for the object that the step's name ends with. */
function asked(method: LedgerEntry["method"]): Trace {
  return ({ name }, steps, { requests }) => {
    const object = objectOf(name, steps);
    return requests.some((request) => request.method === method && request.name === object);
  };
}

function objectOf(name: string, steps: readonly StepRecord[]): string {
  const archive = steps.find((step) => step.name === "archive");
  const object = `${NAME}/${archive?.key}.tar.gz`;
  if (name === "read back archive") return object;
  if (name === "read back checksum") return `${object}.sha256`;
  return name.slice(name.indexOf(" ") + 1);
}
