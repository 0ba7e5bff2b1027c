/**
 * The ambient context: which run, task and step the code that runs now belongs to, so that a policy
 * deep inside a step's work speaks into the run's stream of events.
 *
 * It follows promises by AsyncLocalStorage where the runtime has it (through
 * `process.getBuiltinModule`, for there is no `node:` import here); elsewhere there is none.
 */

import type { EventDetails, Where } from "./events.ts";
import type { Stream } from "./stream.ts";

/** What surrounds the code that runs now. */
export interface Ambient {
  readonly where: Where;
  readonly stream: Stream;
  /** The task whose function is running; its identity tells a task's own steps from another's. */
  readonly scope?: object | undefined;
  /** Whether nothing that has an effect may be done here. */
  readonly isDryRun?: boolean | undefined;
}

/** Something that follows the code that runs, through promises and timers. */
export interface AsyncLocal<Kept> {
  /** What surrounds the caller, if anything does. */
  find(): Kept | undefined;
  /** Runs `work`, and all that it starts, inside `kept`. */
  run<Value>(kept: Kept, work: () => Value): Value;
}

interface Storage<Kept> {
  getStore(): Kept | undefined;
  run<Value>(kept: Kept, work: () => Value): Value;
}

/** The context of one place in the code, to be entered again. */
export interface Context {
  /** Runs `work`, and all that it starts, in the context. */
  runInAsyncScope<Value>(work: () => Value): Value;
}

interface Hooks {
  readonly AsyncLocalStorage: new <Kept>() => Storage<Kept>;
  readonly AsyncResource: new (type: string, options: { requireManualDestroy: boolean }) => Context;
}

const hooks = findHooks();
const surroundings = asyncLocal<Ambient>();

/** Makes one. Where the runtime has no such thing, nothing ever surrounds anybody. */
export function asyncLocal<Kept>(): AsyncLocal<Kept> {
  if (hooks === undefined) return { find: () => undefined, run: (_kept, work) => work() };
  const storage = new hooks.AsyncLocalStorage<Kept>();
  return { find: () => storage.getStore(), run: (kept, work) => storage.run(kept, work) };
}

function findHooks(): Hooks | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => unknown };
  };
  return process?.getBuiltinModule?.("node:async_hooks") as Hooks | undefined;
}

/** What surrounds the caller, if anything does. */
export function ambient(): Ambient | undefined {
  return surroundings.find();
}

/** Whether the caller is in a dry run: nothing that has an effect may be done there. */
export function isDryRun(): boolean {
  return ambient()?.isDryRun === true;
}

/** Runs `work`, and all that it starts, inside `context`. */
export function withAmbient<Value>(context: Ambient, work: () => Value): Value {
  return surroundings.run(context, work);
}

const ANYWHERE: Context = { runInAsyncScope: (work) => work() };

/** Otherwise the collector would have to be asked about each of them. Nobody waits for their end. */
const UNTRACKED = { requireManualDestroy: true };

/** The context of this call: what a timer of its own would run in, for those that share one. */
export function contextHere(): Context {
  return hooks === undefined ? ANYWHERE : new hooks.AsyncResource("holdfast", UNTRACKED);
}

/** Tells the surrounding run, if there is one, what happened. */
export function emitAmbient(details: EventDetails): void {
  const surrounding = ambient();
  surrounding?.stream(details, surrounding.where);
}
