/**
 * Two processes start the same automation at the same moment, a thousand times: one runs it.
 *
 *     node test/crash/two-starters.ts --races 1000 --command-lines 50
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { raceCommandLines } from "./starters/command-lines.ts";
import { contest } from "./starters/contest.ts";

const { values } = parseArgs({
  options: {
    races: { type: "string", default: "1000" },
    "command-lines": { type: "string", default: "50" },
    directory: { type: "string", default: tmpdir() },
  },
});

const startedAtMs = performance.now();
const directory = mkdtempSync(join(values.directory, "holdfast-starters-"));
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const { races, won, problems } = await contest({
  directory,
  races: Number(values.races),
  signal: stop.signal,
});
const found = [...problems];
let commandLines = 0;
while (commandLines < Number(values["command-lines"]) && !stop.signal.aborted) {
  commandLines += 1;
  const wrongs = await raceCommandLines(join(directory, String(commandLines)));
  found.push(...wrongs.map((wrong) => `command lines, race ${commandLines}: ${wrong}`));
}
const minutes = Number(((performance.now() - startedAtMs) / 60_000).toFixed(1));
const sums = { races, won, commandLines, problems: found.length, minutes };
process.stdout.write(
  `${found.map((problem) => `✗ ${problem}\n`).join("")}${JSON.stringify(sums)}\n`,
);
rmSync(directory, { recursive: true });
process.exitCode = stop.signal.aborted ? 130 : Number(found.length > 0);
