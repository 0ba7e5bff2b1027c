/**
 * Steps side by side, of different lengths and guarded in different ways. With `fails`, one branch
 * fails for good when the others have ended but for the long one, which is in the middle of its work.
 */

import { automation } from "holdfast/automation";
import { findable, perform, put, refuse, repeatable, undoable } from "../outside.ts";

const LONGER_THAN_ANYBODY_WAITS_MS = 600_000;

export default automation("side-by-side", async (run) => {
  const isFailing = run.input["fails"] === true;
  const longMs = isFailing ? LONGER_THAN_ANYBODY_WAITS_MS : 9;
  await perform(run, "prepare", put(), undoable());
  const long = perform(run, "long", put({ ms: longMs, isRepeatable: true }), repeatable);
  const others = Promise.all([
    perform(run, "short", put({ ms: 1 }), undoable()),
    perform(run, "findable", put({ ms: 4 }), findable),
    perform(run, "first of two", put({ ms: 1, isRepeatable: true }), repeatable).then(() =>
      perform(run, "second of two", put({ ms: 1 }), undoable()),
    ),
    perform(run, "faulty", put({ ms: 2, faults: 1 }), findable),
  ]);
  const branch = isFailing
    ? others.then(() => perform(run, "refused", refuse, undoable()))
    : others;
  await Promise.all([long, branch]);
  await perform(run, "finish", put(), undoable());
});
