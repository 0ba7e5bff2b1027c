/**
 * Everything is taken back, for the last step fails for good. One undo fails once before it works;
 * with `stuck`, another one never does.
 */

import { automation } from "holdfast/automation";
import { findable, perform, put, refuse, repeatable, undoable } from "../outside.ts";

export default automation("rollback", async (run) => {
  await perform(run, "one", put(), undoable());
  await perform(run, "two", put(), undoable(1));
  await perform(run, "three", put(), findable);
  await perform(run, "four", put(), undoable(run.input["stuck"] === true ? Infinity : 0));
  await perform(run, "five", put({ isRepeatable: true }), repeatable);
  await perform(run, "refused", refuse, undoable());
});
