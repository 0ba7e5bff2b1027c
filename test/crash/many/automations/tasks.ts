/** Tasks, reads, and faults that pass. One task may fail, and is rolled back; what came before it is kept. */

import { automation } from "holdfast/automation";
import { findable, moment, perform, put, refuse, repeatable, undoable } from "../outside.ts";

export default automation("tasks", async (run) => {
  const first = await run.read("look", () => {
    moment("look", "work");
    return "there";
  });
  await run.task("kept", async (task) => {
    await perform(task, "cut off once", put({ faults: 1 }), undoable());
    await perform(task, "cut off twice", put({ faults: 2, isRepeatable: true }), repeatable);
    await task.read("count", () => first.length);
  });
  const optional = await run.task(
    "optional",
    async (task) => {
      await perform(task, "put", put(), undoable(1));
      await perform(task, "refused", refuse, undoable());
    },
    { mayFail: true },
  );
  await perform(run, "last", put({ faults: optional.ok ? 0 : 1 }), findable);
});
