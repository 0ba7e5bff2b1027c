/** History tells of a guarded command what the shell saw of it: list, record, log and metrics. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, start, type Place } from "./cli-process.ts";

const sh = (line: string): string[] => ["--", "sh", "-c", line];

interface Told {
  readonly status: string;
  readonly exitCode?: number;
}

interface LogRecord {
  readonly holdfast: { readonly run: { readonly exit_code?: number } };
}

/** What each place that tells of the newest run says of its end. */
async function toldOf(at: Place): Promise<{ list: Told; record: Told; log: unknown }> {
  const told = async (words: readonly string[]) => (await holdfast(at, words)).stdout;
  const [list] = (JSON.parse(await told(["runs", "--limit", "1", "--json"])) as { runs: Told[] })
    .runs as [Told];
  const { run } = JSON.parse(await told(["show", "last", "--json"])) as { run: Told };
  const lines = (await told(["logs", "last", "--json"])).trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as LogRecord);
  return {
    list: pick(list),
    record: pick(run),
    log: records.at(-1)?.holdfast.run.exit_code,
  };
}

function pick({ status, exitCode }: Told): Told {
  return { status, ...(exitCode === undefined ? {} : { exitCode }) };
}

test.for<[exitCode: number, words: readonly string[]]>([
  [7, sh("exit 7")],
  [75, sh("exit 75")],
  [137, sh("kill -KILL $$")],
  [124, ["--timeout", "200ms", "--", "sleep", "20"]],
  [124, ["--attempt-timeout", "200ms", "--", "sleep", "20"]],
  [127, ["--", "no-such-program"]],
  [126, ["--", "/"]],
  [65, ["--verify", "false", "--", "true"]],
  [80, ["--undo", "true", "--", "false"]],
  [5, ["--attempts", "2", "--backoff", "1ms", ...sh("exit 5")]],
])("a run that exits with %i is told to have failed with it: %o", async ([exitCode, words]) => {
  const at = place();

  const ended = await holdfast(at, ["exec", ...words]);

  const told = { status: "failed", exitCode };
  expect({ exitCode: ended.exitCode, ...(await toldOf(at)) }).toEqual({
    exitCode,
    list: told,
    record: told,
    log: exitCode,
  });
});

test.for<[exitCode: number, status: string, flags: readonly string[]]>([
  [69, "failed", []],
  [69, "failed", ["--lock-wait", "fail"]],
  [0, "cancelled", ["--lock-wait", "skip"]],
])("where the lock is held it is told with %i, %s", async ([exitCode, status, flags]) => {
  const at = place();
  const holder = start(at, ["exec", "--lock", "a", ...sh("echo begun >&2; exec sleep 20")]);
  await holder.heard("begun");

  const ended = await holdfast(at, ["exec", "--lock", "a", ...flags, "--", "true"]);
  const told = await toldOf(at);
  holder.child.kill("SIGTERM");
  await holder.ended;

  expect({ exitCode: ended.exitCode, ...told }).toEqual({
    exitCode,
    list: { status, exitCode },
    record: { status, exitCode },
    log: exitCode,
  });
});

test.for<[exitCode: number, status: string, flags: readonly string[]]>([
  [143, "abandoned", []],
  [143, "failed", ["--undo", "true"]],
  [81, "failed", ["--undo", "false"]],
])("after SIGTERM it is told with %i, %s: %o", async ([exitCode, status, flags]) => {
  const at = place();
  const running = start(at, ["exec", ...flags, ...sh("echo begun >&2; exec sleep 20")]);
  await running.heard("begun");

  running.child.kill("SIGTERM");
  const ended = await running.ended;
  const { list, record } = await toldOf(at);

  const told = { status, exitCode };
  expect({ exitCode: ended.exitCode, list, record }).toEqual({
    exitCode,
    list: told,
    record: told,
  });
});

test("a run that is done again by its name ends with the command's own code, too", async () => {
  const at = place();
  await holdfast(at, ["exec", ...sh("exit 7")]);

  const { exitCode } = await holdfast(at, ["retry", "last"]);

  const told = { status: "failed", exitCode: 7 };
  expect({ exitCode, ...(await toldOf(at)) }).toEqual({
    exitCode: 7,
    list: told,
    record: told,
    log: 7,
  });
});

test("a secret that --env hands on is masked wherever the command writes it", async () => {
  const at = place();
  const secret = "sekret77aa";
  const flags = ["--env", `DB_PASSWORD=${secret}`, "--report", "report.json"];

  const { exitCode } = await holdfast(at, [
    "exec",
    ...flags,
    ...sh('echo "no entry with $DB_PASSWORD" >&2; exit 3'),
  ]);
  const shown = await holdfast(at, ["show", "last", "--json"]);
  const logged = await holdfast(at, ["logs", "last", "--json"]);

  const report = readFileSync(join(at.root, "report.json"), "utf8");
  const told = [report, shown.stdout, logged.stdout];
  expect({
    exitCode,
    leaks: told.map((text) => text.includes(secret)),
    isTold: told.map((text) => text.includes("no entry with ***")),
  }).toEqual({ exitCode: 3, leaks: [false, false, false], isTold: [true, true, true] });
});
