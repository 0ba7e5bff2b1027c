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
}

interface Storage {
  getStore(): Ambient | undefined;
  run<Value>(store: Ambient, work: () => Value): Value;
}

interface Hooks {
  readonly AsyncLocalStorage: {
    new (): Storage;
    /** Node and Bun; answers a function that runs what it is given in the context of this call. */
    snapshot(): (run: () => void) => void;
  };
}

const hooks = findHooks();
const storage = hooks === undefined ? undefined : new hooks.AsyncLocalStorage();

function findHooks(): Hooks | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => unknown };
  };
  return process?.getBuiltinModule?.("node:async_hooks") as Hooks | undefined;
}

/** What surrounds the caller, if anything does. */
export function ambient(): Ambient | undefined {
  return storage?.getStore();
}

/** Runs `work`, and all that it starts, inside `context`. */
export function withAmbient<Value>(context: Ambient, work: () => Value): Value {
  return storage === undefined ? work() : storage.run(context, work);
}

/** `run`, to be called in the context of this call, as a timer of the system calls it. */
export function inThisContext(run: () => void): () => void {
  if (hooks === undefined) return run;
  const enter = hooks.AsyncLocalStorage.snapshot();
  return () => enter(run);
}

/** Tells the surrounding run, if there is one, what happened. */
export function emitAmbient(details: EventDetails): void {
  const surrounding = ambient();
  surrounding?.stream(details, surrounding.where);
}
