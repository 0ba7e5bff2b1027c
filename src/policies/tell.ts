/**
 * How policies say what happened: to their own listener, into the run that surrounds them, and to
 * whoever listens to all of them.
 */

import { ambient, emitAmbient } from "../core/context.ts";
import type { Emit, EventDetails } from "../core/events.ts";
import { callable, required } from "../core/options.ts";

const listeners = new Set<Emit>();

/** Somebody who listens, until it is told to stop or disposed of. */
export interface Listening extends Disposable {
  stop(): void;
}

/**
 * Tells `on` what all policies of this process say, wherever they run: for one log of all retries. What
 * it throws is dropped. Each call begins a listening of its own.
 *
 * The errors in the events are those that were thrown, with their secrets: `holdfast/observe` has
 * sinks that take them out.
 *
 * @throws {OptionsError} If `on` is no function.
 * @example
 * using _listening = listen((event) => console.log(event.type));
 * await retry().run(() => "done");
 */
export function listen(on: Emit): Listening {
  const listener = readListener(on, "listen.on");
  // Its own for each call, so that one who stops does not stop another.
  const told: Emit = (details) => listener(details);
  listeners.add(told);
  const stop = (): void => void listeners.delete(told);
  return { stop, [Symbol.dispose]: stop };
}

const readListener = required(callable<Emit, undefined>({ default: undefined }), "a function");

/** Makes the voice of one policy. Whatever a listener does, the outcome of the call stays the same. */
export function teller(on: Emit | undefined): Emit {
  return (details) => {
    quietly(emitAmbient, details);
    if (on !== undefined) quietly(on, details);
    for (const listener of listeners) quietly(listener, details);
  };
}

/** Whether anybody listens to a policy that was given `on`, here and now. */
export function isHeard(on: Emit | undefined): boolean {
  return on !== undefined || listeners.size > 0 || ambient() !== undefined;
}

function quietly(listen: (details: EventDetails) => unknown, details: EventDetails): void {
  try {
    const listening = listen(details);
    // An asynchronous listener that rejects would otherwise end the process.
    if (listening !== undefined) Promise.resolve(listening).catch(dropped);
  } catch (error) {
    dropped(error);
  }
}

/** Watching never fails what is watched. */
function dropped(_error: unknown): void {}
