import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";
import { UsageError, type Command } from "./command.ts";
import { commandHelp } from "./help.ts";
import { SAMPLE } from "./world-fixture.contract.ts";

function read(words: readonly string[], command: Command = SAMPLE) {
  const call = readArguments(command, words);
  if (call.help) return "help";
  const { args } = call;
  const { positionals } = args;
  return {
    positionals,
    input: args.text("input"),
    tags: args.texts("tag"),
    quiet: args.has("quiet"),
  };
}

test.for<[words: string[], expected: unknown]>([
  [["a.ts"], { positionals: ["a.ts"], input: undefined, tags: [], quiet: false }],
  [
    ["--quiet", "a.ts", "--input", "{}", "--tag", "a", "--tag=-b"],
    { positionals: ["a.ts"], input: "{}", tags: ["a", "-b"], quiet: true },
  ],
  [["--", "--quiet"], { positionals: ["--quiet"], input: undefined, tags: [], quiet: false }],
  [["--help"], "help"],
  [["a.ts", "b.ts", "-h"], "help"],
])("reads %j", ([words, expected]) => {
  expect(read(words)).toEqual(expected);
});

test.for<[words: string[], afterDashes: string[] | undefined]>([
  [["a.ts"], undefined],
  [["a.ts", "--", "--"], ["--"]],
  [
    ["a.ts", "--quiet", "--", "-x", "b"],
    ["-x", "b"],
  ],
  [["a.ts", "--"], []],
])("of %j what stands after -- is known", ([words, afterDashes]) => {
  const command = { ...SAMPLE, positionals: { min: 0, max: 9 } };
  const call = readArguments(command, words);

  expect(call.help ? "help" : call.args.afterDashes).toEqual(afterDashes);
});

test("a flag may have a letter, which the help shows", () => {
  const follow = { type: "boolean", short: "f", summary: "Follow" } as const;
  const command = { ...SAMPLE, flags: { ...SAMPLE.flags, follow } };
  const call = readArguments(command, ["-f", "a.ts"]);

  expect(call.help ? undefined : call.args.has("follow")).toBe(true);
  expect(commandHelp(command, "Sample")).toContain("  -f, --follow        Follow\n");
});

test("a flag is read as its type says", () => {
  const call = readArguments(SAMPLE, ["a.ts", "--tag", "a", "--quiet"]);
  const args = call.help ? undefined : call.args;

  expect([args?.text("tag"), args?.text("quiet"), args?.has("tag"), args?.texts("quiet")]).toEqual([
    undefined,
    undefined,
    false,
    [],
  ]);
});

test.for<[words: string[], message: string]>([
  [[], "FILE is missing"],
  [[""], "FILE is empty"],
  [["a.ts", "--input="], "--input is empty; expected JSON|@FILE"],
  [["a.ts", "--mode", ""], "--mode is empty; expected MODE"],
  [["a.ts", "b.ts"], 'unexpected word "b.ts"'],
  [["a.ts", "--inptu", "{}"], "unknown flag --inptu; did you mean --input?"],
  [["a.ts", "--hlep"], "unknown flag --hlep; did you mean --help?"],
  [["a.ts", "--frobnicate=1"], "unknown flag --frobnicate"],
  [["a.ts", "-x"], "unknown flag -x"],
  [["a.ts", "--quiet=yes"], "--quiet takes no value"],
  [["a.ts", "--help=yes"], "--help takes no value"],
  [
    ["a.ts", "--input"],
    "--input needs a value: --input JSON|@FILE, or --input=JSON|@FILE when it begins with a dash",
  ],
  [
    ["a.ts", "--input", "--quiet"],
    "--input needs a value: --input JSON|@FILE, or --input=JSON|@FILE when it begins with a dash",
  ],
  [["a.ts", "--mode", "slow"], '--mode: expected fast, safe or dry, received "slow"'],
])("refuses %j", ([words, message]) => {
  expect(() => read(words)).toThrow(new UsageError(message));
});
