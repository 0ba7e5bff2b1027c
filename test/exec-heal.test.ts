/** `holdfast exec --heal`, and what it learns of former runs. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { automation, execute } from "holdfast/automation";
import { sqliteJournal } from "holdfast/journal";
import { holdfast, place, type Place } from "./cli-process.ts";

const exec = (at: Place, words: readonly string[]) => holdfast(at, ["exec", ...words]);
const sh = (line: string): string[] => ["--", "sh", "-c", line];

test("after memory ran out the next attempt is told to take on less, and the record shows why", async () => {
  const at = place();
  const line = `echo "$HOLDFAST_ATTEMPT $HOLDFAST_SCALE" >> ledger
    [ "$HOLDFAST_SCALE" = 0.25 ] || { echo "fork: Cannot allocate memory" >&2; exit 1; }`;

  const ended = await exec(at, ["--heal", "out-of-memory", ...sh(line)]);
  const shown = await holdfast(at, ["show", "last"]);

  expect({ exitCode: ended.exitCode, did: at.did() }).toEqual({
    exitCode: 0,
    did: ["1 1", "2 0.5", "3 0.25"],
  });
  expect(ended.stderr).toContain("was healed of ENOMEM by out-of-memory");
  expect(shown.stdout).toContain("out-of-memory");
});

test("a stale pid file is removed, and the command is run once more", async () => {
  const at = place();
  const pidFile = at.file("job.pid", "999999999\n");
  const line = `echo ran >> ledger; [ ! -e job.pid ] || { echo "Cannot allocate memory" >&2; exit 1; }`;
  const heal = `pid-file path="${pidFile}" codes=ENOMEM`;

  const { exitCode, stderr } = await exec(at, ["--heal", heal, ...sh(line)]);

  expect({ exitCode, did: at.did(), stderr }).toEqual({
    exitCode: 0,
    did: ["ran", "ran"],
    stderr: expect.stringContaining("was healed of ENOMEM by pid-file"),
  });
});

test("a remedy whose symptom is not there acts on nothing, and the command has failed", async () => {
  const at = place();

  const { exitCode } = await exec(at, [
    "--heal",
    "disk-full clear=/nowhere/*.gz keep=7",
    ...sh("echo ran >> ledger; echo 'No space left on device' >&2; exit 4"),
  ]);

  expect({ exitCode, ran: at.did().length >= 1 }).toEqual({ exitCode: 4, ran: true });
});

test("what could not be healed reaches the alert: the remedy, what it saw, and what is left to do", async () => {
  const at = place();
  const heal = "service start='sh -c :' probe='test -e up' start-within=1ms codes=ENOMEM";

  const { exitCode, stderr } = await exec(at, [
    "--heal",
    heal,
    "--alert",
    "cat > alert.json",
    ...sh("echo 'Cannot allocate memory' >&2; exit 4"),
  ]);
  const { unhealed } = JSON.parse(readFileSync(join(at.root, "alert.json"), "utf8"));

  expect({ exitCode, unhealed }).toEqual({
    exitCode: 4,
    unhealed: [
      {
        remedy: "service",
        target: "sh -c :",
        fault: "ENOMEM",
        deeds: ["ran sh -c :"],
        because: "the symptom is still there: test -e up: exit code 1",
        advice: "look why sh -c : does not work: its own log tells",
      },
    ],
  });
  expect(stderr).toContain("; to do: look why sh -c : does not work");
});

test("a budget is spent by all processes together: the second one only tells that a human is needed", async () => {
  const at = place();
  const heal = "service start='touch up' probe='test -e up' cool-down=0s budget=1/1d codes=ENOMEM";
  const line = "[ -e up ] || { echo 'Cannot allocate memory' >&2; exit 4; }";
  const words = ["--heal", heal, "--alert", "cat > alert.json", ...sh(line)];

  const first = await exec(at, words);
  rmSync(join(at.root, "up"));
  const second = await exec(at, words);
  const { unhealed } = JSON.parse(readFileSync(join(at.root, "alert.json"), "utf8"));

  expect([first.exitCode, second.exitCode, existsSync(join(at.root, "up")), unhealed]).toEqual([
    0,
    4,
    false,
    [expect.objectContaining({ because: "its budget is spent: it acted once within 1 d" })],
  ]);
});

/** Ten runs of `dump` that each wrote as much, as `exec` journals them. */
async function tenRuns(at: Place): Promise<void> {
  const journal = sqliteJournal(join(at.home, "holdfast.db"));
  const done = { exitCode: 0, durationMs: 20, outputBytes: 2_000 };
  const dump = automation("dump", (run) => run.step("command", () => done));
  const input = { exec: { argv: [] }, isMasked: false };
  for (let run = 0; run < 10; run++) await execute(dump, { journal, input });
  await journal.close();
}

const LINE = 'head -c "$1" /dev/zero';

test("exit 0 with next to no output, after ten runs that wrote far more, is told, or fails it", async () => {
  const at = place();
  const asked = ["--quiet-on-success", "--name", "dump"];
  await tenRuns(at);

  const told = await exec(at, [...asked, ...sh(LINE), "sh", "20"]);
  const failed = await exec(at, [...asked, "--strict-envelope", ...sh(LINE), "sh", "20"]);

  expect([told.exitCode, failed.exitCode]).toEqual([0, 65]);
  expect(told.stderr).toMatch(
    /exit 0, but .*20 B of output \(usually 2 kB\), by 10 former runs\n$/,
  );
  expect(failed.stderr).toContain("by 11 former runs");
});
