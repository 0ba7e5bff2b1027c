import { expect, test } from "vitest";
import type { RunRecord } from "../core/journal.ts";
import { encodeValue } from "../journal/codec.ts";
import { memoryJournal } from "../journal/memory.ts";
import { thisProcess } from "../journal/owner.ts";
import { EXEC_CODE } from "./exec/code.ts";
import { show } from "./show.ts";
import { fakeWorld, runCommand } from "./world-fixture.contract.ts";

/** What is shown of a guarded command, before its tasks and without its input. */
async function shown(exec: object, change: Partial<RunRecord>): Promise<string[]> {
  const { env, clock } = fakeWorld({ env: { API_TOKEN: "hunter2-hunter2" } });
  const journal = memoryJournal({ clock });
  const run: RunRecord = {
    id: "01aaaaaaaaaaaaaaaaaaaaaaaa",
    automation: "nightly",
    status: "running",
    codeHash: EXEC_CODE,
    input: encodeValue({ exec, isMasked: false }, "input"),
    startedAtMs: new Date(2026, 10, 22, 3, 0, 7).getTime(),
    resumes: 0,
  };
  const { hold } = await journal.claim(run, thisProcess());
  await journal.writeRun(hold, { ...run, ...change });
  await journal.release(hold);
  const { stdout } = await runCommand(show, ["last"], fakeWorld({ env, journal }));
  return stdout
    .split("\n")
    .slice(2)
    .filter((line) => line !== "" && !line.startsWith("  input "));
}

const SCRIPT = { argv: ["./backup.sh", "/srv/my data", "hunter2-hunter2"], cwd: "/srv" };
const COMMAND = ["  command ./backup.sh '/srv/my data' '***'", "  in /srv"];

test.for<[string, object, Partial<RunRecord>, string[]]>([
  ["one that ended", SCRIPT, { status: "failed", exitCode: 1 }, COMMAND],
  [
    "one that was cut off",
    SCRIPT,
    {},
    [
      ...COMMAND,
      "  Its process is gone. The next start of this name ends what is left of it, and runs it anew.",
    ],
  ],
  [
    "one that was cut off and has an undo",
    { ...SCRIPT, undo: "rm -f out" },
    {},
    [
      ...COMMAND,
      "  Its process is gone. The next start of this name ends what is left of it, undoes it, and runs it anew.",
      "  To undo it now:",
      "    holdfast rollback 01aaaaaaaaaaaaaaaaaaaaaaaa",
    ],
  ],
  ["one whose command line held a secret", { name: "nightly" }, { status: "failed" }, []],
])("tells the command of %s", async ([, exec, change, lines]) => {
  expect(await shown(exec, change)).toEqual(lines);
});
