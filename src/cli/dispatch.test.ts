import { expect, test } from "vitest";
import { JournalError } from "../core/errors.ts";
import { UsageError, type Command } from "./command.ts";
import { dispatch } from "./dispatch.ts";
import { fakeWorld, SAMPLE, SAMPLE_SUMMARY } from "./world-fixture.contract.ts";

/** Runs a command line of which `sample` is the only command, and answers what came of it. */
async function line(words: readonly string[], run: Command["run"] = async () => 7) {
  const world = fakeWorld({ env: { API_TOKEN: "hunter2-hunter2" } });
  const sample = { ...SAMPLE, run };
  const program = {
    version: "1.2.3",
    stateHome: async () => "/state",
    commands: { sample: { summary: SAMPLE_SUMMARY, load: async () => sample } },
  };
  const exitCode = await dispatch(words, program, world);
  const [stdout, stderr] = [world.printed.join(""), world.complained.join("")];
  return { exitCode, stdout, stderr };
}

test("a command gets its arguments, and its exit code is that of the line", async () => {
  const answer = await line(["sample", "a.ts", "--quiet"], async (args, world) => {
    world.print(`${args.positionals.join()} ${args.has("quiet")}`);
    return 82;
  });

  expect(answer).toEqual({ exitCode: 82, stdout: "a.ts true", stderr: "" });
});

test.for<[words: string[], beginning: string]>([
  [["--help"], "holdfast makes automation"],
  [["-h"], "holdfast makes automation"],
  [["help"], "holdfast makes automation"],
  [["sample", "--help"], "Show every kind of flag: it's a sample."],
  [["--help", "sample"], "Show every kind of flag: it's a sample."],
  [["help", "help"], "holdfast makes automation"],
  [["--help", "--help"], "holdfast makes automation"],
  [["help", "sample"], "Show every kind of flag: it's a sample."],
  [["--version"], "1.2.3\n"],
  [["-V"], "1.2.3\n"],
])("%j prints and ends well", async ([words, beginning]) => {
  const { exitCode, stdout, stderr } = await line(words);

  expect({ exitCode, stderr, begins: stdout.startsWith(beginning) }).toEqual({
    exitCode: 0,
    stderr: "",
    begins: true,
  });
});

test("no words at all get the overview as a complaint", async () => {
  const { stdout } = await line(["--help"]);

  expect(await line([])).toEqual({ exitCode: 2, stdout: "", stderr: stdout });
});

test.for<[words: string[], stderr: string]>([
  [["smaple"], "holdfast: there is no command smaple; did you mean sample?\n"],
  [["frobnicate"], 'holdfast: there is no command "frobnicate"; holdfast --help lists them\n'],
  [["toString"], 'holdfast: there is no command "toString"; holdfast --help lists them\n'],
  [["help", "toString"], 'holdfast: there is no command "toString"; holdfast --help lists them\n'],
  [["hunter2-hunter2"], 'holdfast: there is no command "***"; holdfast --help lists them\n'],
  [["--hlep"], "holdfast: unknown flag --hlep; did you mean --help?\n"],
  [["--quiet", "sample"], "holdfast: unknown flag --quiet; a command's own flags stand after it\n"],
  [
    ["sample", "a.ts", "hunter2-hunter2"],
    'holdfast sample: unexpected word "***"\nUsage: holdfast sample FILE [--input JSON|@FILE] [--tag TAG] [--mode MODE] [--quiet]\n',
  ],
])("%j is not understood", async ([words, stderr]) => {
  expect(await line(words)).toEqual({ exitCode: 2, stdout: "", stderr });
});

test.for<[what: string, error: unknown, exitCode: number]>([
  ["an error of ours", new JournalError("disk full"), 74],
  ["an error in the usage", new UsageError("what?"), 2],
  ["a bug", new TypeError("x is not a function"), 70],
])("%s that a command throws becomes an exit code and a complaint", async ([, error, exitCode]) => {
  const answer = await line(["sample", "a.ts"], () => Promise.reject(error as Error));

  expect({
    exitCode: answer.exitCode,
    says: answer.stderr.includes((error as Error).message),
  }).toEqual({
    exitCode,
    says: true,
  });
});
