/** A process of a rehearsal. It is told by its parent what it is for, and of use to nobody else. */

import { summariseError } from "../core/error-summary.ts";
import type { Job, StageAnswer, StageCall } from "../rehearse/messages.ts";
import { serveRun, serveStage, type Parent } from "../rehearse/serve.ts";
import { loadAutomation } from "./load-automation.ts";

process.once("message", (job: Job) => void serve(job));
// Who is nobody's child has nothing to do.
process.once("disconnect", () => process.exit());

async function serve(job: Job): Promise<void> {
  try {
    if (job.role === "run" && job.guards !== undefined) {
      const { setGuards } = await import("../process/guards.ts");
      setGuards(job.guards);
    }
    const loaded = await loadAutomation(job.file, process.cwd());
    if (job.role === "stage") return await serveStage(loaded, parent);
    await serveRun(loaded, job, parent);
    process.exit();
  } catch (error) {
    const { message, code } = summariseError(error);
    await parent.say({ failed: { message, code } });
    process.exit(1);
  }
}

let asking: Promise<unknown> = Promise.resolve();

const parent: Parent = {
  say: (message) =>
    new Promise((resolve) => {
      if (process.send === undefined) resolve();
      else process.send(message, () => resolve());
    }),
  ask(message) {
    // One after the other, so that each gets its own answer: steps may run side by side.
    const answer = asking.then(async () => {
      const answered = new Promise((resolve) => void process.once("message", resolve));
      await parent.say(message);
      return answered;
    });
    asking = answer;
    return answer;
  },
  onCall(answer: (call: StageCall) => Promise<StageAnswer>) {
    process.on("message", (call: StageCall) => {
      void answer(call).then((answered) => parent.say({ answered }));
    });
  },
};
