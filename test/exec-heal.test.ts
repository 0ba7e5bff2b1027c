/** `holdfast exec --heal`, and what it learns of former runs. */

import { expect, test } from "vitest";
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

test("a stale lock file is removed, and the command is run once more", async () => {
  const at = place();
  const lock = at.file("job.pid", "999999999\n");
  const line = `echo ran >> ledger; [ ! -e job.pid ] || { echo "Cannot allocate memory" >&2; exit 1; }`;
  const heal = `pid-file file=${lock.replaceAll(" ", "\\ ")} codes=ENOMEM`;

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

/** Ten runs that each wrote as much; what is done is the command line's last word. */
async function tenRuns(at: Place, flags: readonly string[]): Promise<void> {
  for (let run = 0; run < 10; run++) {
    await exec(at, ["--quiet-on-success", ...flags, ...sh(LINE), "sh", "2000"]);
  }
}

const LINE = 'head -c "$1" /dev/zero';

test("exit 0 with next to no output, after ten runs that wrote far more, is told, or fails it", async () => {
  const at = place();
  await tenRuns(at, ["--name", "dump"]);
  const asked = ["--quiet-on-success", "--name", "dump"];

  const usual = await exec(at, [...asked, "--strict-envelope", ...sh(LINE), "sh", "1900"]);
  const told = await exec(at, [...asked, ...sh(LINE), "sh", "20"]);
  const failed = await exec(at, [...asked, "--strict-envelope", ...sh(LINE), "sh", "20"]);

  expect([usual, told, failed].map(({ exitCode }) => exitCode)).toEqual([0, 0, 65]);
  expect(usual.stderr).toBe("");
  expect(told.stderr).toMatch(
    /exit 0, but .*20 B of output \(usually 2 kB\), by 11 former runs\n$/,
  );
});

test("other command lines under the name that nobody gave are not compared with", async () => {
  const at = place();
  await tenRuns(at, []);

  const other = await exec(at, ["--quiet-on-success", ...sh(LINE), "sh", "20"]);

  expect(other).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});
