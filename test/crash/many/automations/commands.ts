/**
 * Steps that run real commands, whose files must be whole or not there. Nothing of a command outlives
 * this process: each ends at the end of its input, which is this process's to give, and writes to a
 * file that this process opened and gives its name to. With `fails`, the last command does.
 */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { automation, type StepContext } from "holdfast/automation";
import { findable, landing, moment, perform, repeatable, undoable } from "../outside.ts";

export default automation("commands", async (run) => {
  await perform(run, "sort", command("sort"), undoable());
  await perform(run, "pipeline", command("tr a-f A-F | sort | uniq -c"), findable);
  await Promise.all([
    perform(run, "compress", command("gzip -cn | od -An -tx1", true), repeatable),
    // Its grandchild would outlive everybody; the shell ends it when its own input ends.
    perform(run, "watch", command("sleep 300 & cat; kill $!"), undoable()),
  ]);
  const last = run.input["fails"] === true ? "cat >&2; exit 3" : "sed 's/^/> /'";
  await perform(run, "last", command(last), undoable());
});

/** Work that has a shell turn lines into a file. */
function command(script: string, isRepeatable = false) {
  return (context: StepContext, label: string): Promise<string> =>
    landing(context, label, { isRepeatable }, async (partial) => {
      const output = openSync(partial, "wx");
      const { signal } = context;
      const child = spawn("sh", ["-c", script], { stdio: ["pipe", output, "ignore"], signal });
      const { stdin } = child;
      if (stdin === null) throw new Error("sh was not started");
      closeSync(output);
      const ended = once(child, "close") as Promise<[exitCode: number | null]>;
      stdin.on("error", () => undefined);
      try {
        stdin.write(`${randomUUID()}\n`);
        moment(label, "half of the work");
        stdin.end(`${randomUUID()}\n`);
        const [exitCode] = await ended;
        if (exitCode !== 0) throw Object.assign(new Error(`${script} failed`), { code: "EACCES" });
      } finally {
        stdin.destroy();
      }
      return readFileSync(partial, "utf8");
    });
}
