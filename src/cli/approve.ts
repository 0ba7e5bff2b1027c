/** `holdfast approve`: answers a run that waits for a human's approval. */

import type { Command } from "./command.ts";
import { ONE_RUN, RUN_IN_HELP } from "./find-run.ts";
import { send } from "./send.ts";
import { answerTo, readWaits, type Awaited } from "./show/waits.ts";

/** See the header. */
export const approve: Command = {
  name: "approve",
  usage: "RUN|last [NAME] [--reject] [--comment TEXT]",
  details: `${RUN_IN_HELP} NAME
may be left out when the run waits for one approval only, be it its own or a child's. The
first answer counts.`,
  positionals: { ...ONE_RUN, max: 2 },
  flags: {
    reject: { type: "boolean", summary: "Say no" },
    comment: { type: "string", value: "TEXT", summary: "Why; journaled, so no secrets" },
  },
  examples: [
    { line: "holdfast approve last", does: "Say yes to the only question" },
    {
      line: 'holdfast approve 01k9x3 deploy --reject --comment "not on a Friday"',
      does: "Say no, and why",
    },
  ],

  run(args, world) {
    const [run = "", name] = args.positionals;
    const approved = !args.has("reject");
    const value = { approved, comment: args.text("comment") ?? "" };
    return send("approve", run, world, async (found, journal) => {
      const waits = await readWaits(journal, found);
      const approvals = waits.filter(({ waitsFor }) => waitsFor === "approval");
      const chosen = choose(approvals, name, found.id);
      if (typeof chosen === "string") return chosen;
      const isAwaited = approvals.some((each) => each.name === chosen.name);
      const early = isAwaited ? "" : ", which does not wait for it yet";
      const told = `${approved ? "approved" : "rejected"} ${chosen.name} of run ${chosen.runId}${early}`;
      return { ...chosen, value, told };
    });
  },
};

/** Which approval is meant; one that is named need not be waited for yet. */
function choose(
  approvals: readonly Awaited[],
  name: string | undefined,
  runId: string,
): Pick<Awaited, "runId" | "name"> | string {
  const fitting = approvals.filter((each) => name === undefined || each.name === name);
  const [first, second] = fitting;
  if (second !== undefined) {
    const ways = fitting.map((each) => `  holdfast ${answerTo(each)}`).join("\n");
    return `run ${runId} waits for several approvals; say which:\n${ways}`;
  }
  if (first !== undefined) return { runId: first.runId, name: first.name };
  if (name !== undefined) return { runId, name };
  return `run ${runId} waits for no approval`;
}
