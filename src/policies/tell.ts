/** How policies say what happened: to their own listener, and into the run that surrounds them. */

import { ambient, emitAmbient } from "../core/context.ts";
import type { Emit, EventDetails } from "../core/events.ts";

/** Makes the voice of one policy. Whatever a listener does, the outcome of the call stays the same. */
export function teller(on: Emit | undefined): Emit {
  return (details) => {
    quietly(emitAmbient, details);
    if (on !== undefined) quietly(on, details);
  };
}

/** Whether anybody listens to a policy that was given `on`, here and now. */
export function isHeard(on: Emit | undefined): boolean {
  return on !== undefined || ambient() !== undefined;
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
