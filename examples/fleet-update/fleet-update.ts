/**
 * Updates a fleet of hosts: one first, then, when somebody has agreed, all others, each as a task of
 * its own; then a smoke test in a run of its own. A host is a directory here, and its version a file,
 * so that it runs anywhere.
 *
 *     holdfast run fleet-update.ts --input '{"fleet":"/tmp/fleet","version":"1.2"}'
 *     holdfast approve last
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { automation, type Task } from "holdfast/automation";
import { smokeTest } from "./smoke-test.ts";

export default automation("fleet-update", async (run) => {
  const { fleet, version } = run.input as { fleet: string; version: string };
  const hosts = await run.read("hosts", async () => (await readdir(fleet)).toSorted());
  const [canary = "", ...others] = hosts;

  const first = await run.task("canary", (task) => update(task, join(fleet, canary), version));
  if (!first.ok) throw first.error;
  await run.sleep("soak", "1s");
  await run.approval("go on", {
    question: `${canary} runs ${version}; update the other ${others.length}?`,
    timeout: "8h",
  });

  const rest = await run.map(
    "hosts",
    others,
    (host, task) => update(task, join(fleet, host), version),
    { key: (host) => host, concurrency: 8, maxFailures: 3 },
  );
  run.log.info(`updated ${rest.succeeded} of ${rest.total}`);

  await run.child("smoke", smokeTest, { fleet, version });
});

/** Writes the version, and the one before it back when the host's task fails. */
async function update(task: Task, host: string, version: string): Promise<string> {
  const file = join(host, "version");
  const before = await task.read("version before", () => readFile(file, "utf8"));
  await task.step("write version", () => writeFile(file, version), {
    repeatable: true,
    undo: () => writeFile(file, before),
  });
  await task.read("healthy", () => readFile(join(host, "health"), "utf8"), {
    verify: (health) => health.trim() === "ok",
  });
  return before;
}
