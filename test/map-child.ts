/**
 * A process that goes through a map of many items, and tells how much memory that takes:
 * `node --expose-gc test/map-child.ts FILE ITEMS [KILL_AT]`. At item KILL_AT it kills itself.
 */

import { automation, execute } from "../src/automation/index.ts";
import { sqliteJournal } from "../src/journal/index.ts";

const [file = "", items = "", killAt = "Infinity"] = process.argv.slice(2);
const total = Number(items);
let begun = 0;
let most = 0;
let nextSample = 0;

/** Looks about twenty times what is alive, in bytes; from outside of the work, whose stack holds on to things. */
const sampling = setInterval(() => {
  if (begun < nextSample) return;
  nextSample = begun + total / 20;
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  most = Math.max(most, heapUsed + external);
}, 5);

function* names(): Generator<string> {
  for (let index = 0; index < total; index++) yield `host-${index}`;
}

const main = automation("many", async (run) => {
  const result = await run.map(
    "hosts",
    names(),
    async (host, task) => {
      begun++;
      if (begun > Number(killAt)) process.kill(process.pid, "SIGKILL");
      return task.step("update", () => host.length);
    },
    { key: (host) => host, concurrency: 500 },
  );
  let values = 0;
  for await (const [, length] of result.values()) values += Number(length > 0);
  run.log.info("read", { values });
  if (values !== total) throw new Error(`${values} values`);
});

const journal = sqliteJournal(file);
const { count, durationMs, tasks } = await execute(main, { journal, env: {} });
await journal.close();
clearInterval(sampling);
console.log(JSON.stringify({ ...count, kept: tasks.length, begun, most, durationMs }));
