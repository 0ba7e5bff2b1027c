/**
 * What the campaign's automations do to the world: objects in files, put in two halves under the
 * step's key, each deed in the ledger. Faults are counted there too, so that a start more does not
 * make more of them.
 */

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Run, StepContext, StepOptions, Task } from "holdfast/automation";
import { reach } from "../moments.ts";
import type { Window } from "../windows.ts";
import { noteIn, readLedger, type Entry } from "./ledger.ts";

/** How a piece of work goes. */
export interface Going {
  /** How long it takes before its effect, in milliseconds. */
  readonly ms?: number;
  /** How many attempts fail before anything happens, as a cut connection does. */
  readonly faults?: number;
  readonly isRepeatable?: boolean;
}

const place = process.env["CRASH_PLACE"] ?? "";

/** Quickly, for it is not the waiting that is tried here. */
const AGAIN = { attempts: 3, backoff: () => 1 };

/** Does a step, and notes what its function was given. */
export async function perform(
  task: Task | Run,
  name: string,
  work: (context: StepContext, label: string) => Promise<string>,
  optionsFor: (label: string) => StepOptions<string>,
): Promise<string> {
  const label = "task" in task ? name : `${task.name}/${name}`;
  const value = await task.step(name, (context) => work(context, label), optionsFor(label));
  note({ what: "answered", step: label, value });
  return value;
}

/** Work that puts an object, and answers what is in it. */
export function put({ ms = 0, ...going }: Going = {}) {
  return (context: StepContext, label: string): Promise<string> =>
    landing(context, label, going, async (partial) => {
      const value = randomUUID();
      await sleep(ms, undefined, { signal: context.signal });
      writeFileSync(partial, value);
      moment(label, "half of the work");
      return value;
    });
}

/** Has `make` write a file, and makes it the step's object at once. What is in it is the answer. */
export async function landing(
  { key }: StepContext,
  label: string,
  { faults = 0, isRepeatable = false }: Omit<Going, "ms">,
  make: (partial: string) => Promise<string>,
): Promise<string> {
  moment(label, "work", "before");
  note({ what: "begun", step: label, key, isRepeatable });
  if (isFaulty("begun", label, faults)) throw failure("ECONNRESET");
  const partial = `${objectOf(key)}.partial`;
  // Whoever still writes to a former one writes to nowhere.
  rmSync(partial, { force: true });
  const value = await make(partial);
  renameSync(partial, objectOf(key));
  note({ what: "landed", step: label, key, value });
  moment(label, "work", "after");
  return value;
}

/** The undo of what was put. The first `faults` attempts at it fail, where there is anything to take back. */
export function undoable(faults = 0) {
  return (label: string): StepOptions<string> => ({
    retry: AGAIN,
    repeatable: false,
    undoRetry: AGAIN,
    undo({ key }) {
      moment(label, "undo's work", "before");
      note({ what: "undoing", step: label, key });
      if (existsSync(objectOf(key)) && isFaulty("undoing", label, faults)) throw failure("EIO");
      rmSync(`${objectOf(key)}.partial`, { force: true });
      rmSync(objectOf(key), { force: true });
      note({ what: "undone", step: label, key });
      moment(label, "undo's work", "after");
    },
  });
}

/** Tells whether the object was put, and can take it back. */
export function findable(label: string): StepOptions<string> {
  return {
    ...undoable()(label),
    reconcile({ key }) {
      const object = objectOf(key);
      return existsSync(object) ? { value: readFileSync(object, "utf8") } : "absent";
    },
  };
}

/** May be put again, and can be taken back. */
export function repeatable(label: string): StepOptions<string> {
  return { ...undoable()(label), repeatable: true };
}

/** Work that fails for good, before anything happened. */
export function refuse(context: StepContext, label: string): Promise<string> {
  return landing(context, label, {}, () => Promise.reject(failure("EACCES")));
}

/** Says that the process is at one of its own moments. */
export function moment(
  subject: string,
  written: Window["written"],
  side: Window["side"] = "before",
): void {
  reach({ subject, written, side });
}

function note(entry: Entry): void {
  noteIn(place, entry);
}

/** Whether this is one of the first so many. */
function isFaulty(what: Entry["what"], step: string, faults: number): boolean {
  if (faults === 0) return false;
  const entries = readLedger(place).filter((entry) => entry.what === what && entry.step === step);
  return entries.length <= faults;
}

function objectOf(key: string): string {
  return join(place, "objects", key);
}

function failure(code: string): Error {
  return Object.assign(new Error(`failed by ${code}`), { code });
}
