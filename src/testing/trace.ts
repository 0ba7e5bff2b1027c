/** Where something was made that should be gone when the work that made it is over. */

import { AsyncLocalStorage } from "node:async_hooks";

/** Something that watched work made. */
export interface Trace {
  /** What it is, as it stands in a message. */
  readonly what: string;
  /** Whether it is still there. */
  readonly isLeft: () => boolean;
  /** Where it was made. */
  readonly place: Place;
}

/** The calls that led to a place in the code, one line for each, the innermost first. */
export type Place = () => readonly string[];

/** The traces of the work that runs now, if somebody watches it. */
const watched = new AsyncLocalStorage<Trace[]>();

/** Runs `work`. What it makes, and what all that it starts makes, is added to `traces`. */
export function tracing<Value>(traces: Trace[], work: () => Value): Value {
  return watched.run(traces, work);
}

/** Whether the code that runs now belongs to the work that `traces` are of. */
export function isTracedBy(traces: readonly Trace[]): boolean {
  return watched.getStore() === traces;
}

/** Notes that the work which runs now made something; does nothing when nobody watches it. */
export function trace(what: string, isLeft: () => boolean): void {
  watched.getStore()?.push({ what, isLeft, place: placeHere() });
}

/** Several of Node's own calls stand between a timer and whoever set it. */
const READ_FRAMES = 30;

/** What helps to find the place, through several policies too; further out stand those of the test runner. */
const SHOWN_FRAMES = 10;

/** Calls that say nothing of the place: Node's own, and those of whoever watches. */
const NOISE =
  /node:|<anonymous>|\(index \d+\)|\/testing\/(?:trace|timers|listeners|expect-nothing-left)\.[jt]s/;

/** The place that calls this. Only when it is asked for is it made into text, which is the slow part. */
export function placeHere(): Place {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = READ_FRAMES;
  const here = new Error("here");
  Error.stackTraceLimit = limit;
  return () =>
    (here.stack ?? "")
      .split("\n")
      .slice(1)
      .filter((line) => !NOISE.test(line))
      .slice(0, SHOWN_FRAMES)
      .map((line) => line.trim());
}
