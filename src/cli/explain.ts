/** `holdfast explain`: what an exit code, an error's text, a line of the log or a code means. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { explainEnd, explainExitCode, explainText, type Explanation } from "../advise/explain.ts";
import { KNOWN_CODES } from "../advise/known-codes.ts";
import { OWN_CODES } from "../advise/own-codes.ts";
import { EXIT } from "../core/exit-codes.ts";
import { redactor } from "../core/redact.ts";
import { NAMED } from "../heal/names.ts";
import { readScriptHabits } from "../process/symptoms.ts";
import { UsageError, type Arguments, type Command, type World } from "./command.ts";
import { nearest } from "./nearest.ts";
import { printable } from "./printable.ts";
import { wrap } from "./wrap.ts";

/** See the header. */
export const explain: Command = {
  name: "explain",
  usage: "[WHAT...] [--exit CODE] [--stderr FILE] [--json]",
  details: `
WHAT is an exit code and the command that it is from (28 curl), a code (ECONNREFUSED,
HTTP_503, 40P01, ROLLBACK...), what a tool wrote, or a line of holdfast's log. Without it, or
with -, it is read from the standard input. An exit code alone is explained for every tool
that uses it, holdfast too.

With --exit, WHAT is the command as it was run; it stands after -- when it has flags of its
own. Exit codes: 0 explained; 1 it is not known; 2 usage.`,
  positionals: { min: 0, max: 1_000, words: Object.keys(OWN_CODES) },
  flags: {
    exit: { type: "string", value: "CODE", summary: "What the command exited with, 0 to 255" },
    stderr: { type: "string", value: "FILE", summary: "What it wrote to its standard error" },
    json: { type: "boolean", summary: "Print the explanations as JSON" },
  },
  examples: [
    { line: "holdfast explain 28 curl", does: "What is 28 of curl?" },
    { line: 'holdfast explain "could not translate host name"', does: "And this text?" },
    {
      line: "holdfast explain --exit 2 --stderr err.txt -- tar -cf a.tar x",
      does: "By its stderr",
    },
    { line: "holdfast explain 81", does: "What did holdfast mean by 81?" },
  ],

  async run(args, world) {
    const asked = await readQuestion(args, world);
    if (isEmpty(asked)) throw new UsageError("there is nothing to explain: what is given is empty");
    const found = explanations(asked, world);
    const hint = found.length === 0 ? meantBy(asked.words.join(" ")) : undefined;
    const said = args.has("json") ? asJson(found, hint) : printable(asText(found, hint, world));
    // The command may have been called with a password.
    world.print(redactor({ env: world.env }).text(said));
    return found.length === 0 ? EXIT.failed : EXIT.ok;
  },
};

const CODES: readonly string[] = [...KNOWN_CODES, ...Object.keys(OWN_CODES)];

/** No code is longer by what people mistype; a log is not compared with all of them. */
const LONGEST_WORD = 60;

function meantBy(text: string): string | undefined {
  const word = text.trim();
  return word.length > LONGEST_WORD ? undefined : nearest(word.toUpperCase(), CODES);
}

interface Question {
  readonly words: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/** More of a log than this tells nothing more of how it ended. */
const MOST_CHARACTERS = 1_000_000;

async function readQuestion(args: Arguments, world: World): Promise<Question> {
  const given = args.positionals;
  const file = args.text("stderr");
  const stderr = file === undefined ? "" : await readText(resolve(world.cwd, file));
  const flag = args.text("exit");
  const exitCode = flag === undefined ? undefined : readExitCode(flag);
  if (exitCode !== undefined && given.length === 0) {
    throw new UsageError("--exit needs the command: --exit 28 -- curl");
  }
  const isPiped = (given.length === 0 && file === undefined) || given.join() === "-";
  if (!isPiped) return { words: given, exitCode, stderr };
  // Nobody types an answer to a question that is not there.
  const isAsked = given.length > 0 || process.stdin.isTTY !== true;
  const piped = isAsked ? (await textOf(process.stdin)).slice(-MOST_CHARACTERS) : "";
  const words = A_FEW_WORDS.test(piped.trim()) ? piped.trim().split(" ") : [piped];
  return { words, exitCode, stderr };
}

/** As they could have been given instead of being written: `28 curl`. */
const A_FEW_WORDS = /^[\w.-]{1,60}(?: [\w.-]{1,60}){0,3}$/;

function isEmpty({ words, exitCode, stderr }: Question): boolean {
  return exitCode === undefined && words.join("").trim() === "" && stderr.trim() === "";
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).slice(-MOST_CHARACTERS);
  } catch (error) {
    throw new UsageError(`--stderr: ${(error as Error).message}`);
  }
}

const EXIT_CODE = /^(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])$/;

function readExitCode(word: string): number {
  if (EXIT_CODE.test(word)) return Number(word);
  throw new UsageError(`--exit: expected 0 to 255, received ${JSON.stringify(word)}`);
}

function explanations(asked: Question, { cwd }: World): Explanation[] {
  const { words, exitCode, stderr } = asked;
  const ended = (argv: readonly string[], code: number) =>
    // As it is done for a command that runs: its script tells which of its complaints counts.
    explainEnd({
      argv,
      exitCode: code,
      stderr,
      symptoms: { script: readScriptHabits({ argv, cwd }) },
    });
  if (exitCode !== undefined) return ended(words, exitCode);
  const [first = "", ...rest] = inOrder(words);
  if (!EXIT_CODE.test(first)) return explainOther(first, words, stderr);
  if (rest.length === 0) return explainExitCode(Number(first));
  if (rest[0] === "holdfast") {
    return explainExitCode(Number(first)).filter(({ of }) => of.endsWith(" of holdfast"));
  }
  return ended(rest, Number(first));
}

/** A number, perhaps with one word; those of five digits are states of SQL. */
const NUMBER = /^-?(?:\d{1,4}|\d{6,})$/;

function explainOther(first: string, words: readonly string[], stderr: string): Explanation[] {
  const isNumber = NUMBER.test(first);
  const isStatus = /^[1-9]\d\d$/.test(first) && words.length === 1;
  const found = isStatus
    ? explainExitCode(Number(first))
    : explainText(words.length === 0 ? stderr : words.join(" "));
  if (found.length > 0 || !isNumber || words.length > MOST_WORDS_BESIDE) return found;
  throw new UsageError(`an exit code is 0 to 255, received ${JSON.stringify(first)}`);
}

/** `256 curl`, `exit code 256`. A longer text may begin with any number. */
const MOST_WORDS_BESIDE = 3;

/** `exit code 28` and `curl 28` are 28 and 28 of curl. */
function inOrder(words: readonly string[]): readonly string[] {
  const number = /^exit(?:ed)?(?: with)?(?: code| status)? (-?\d{1,9})$/i.exec(
    words.join(" "),
  )?.[1];
  if (number !== undefined) return [number];
  const [tool = "", last = ""] = words;
  const isTurned = words.length === 2 && /^[a-z][\w.-]*$/.test(tool) && NUMBER.test(last);
  return isTurned && tool !== "http" ? [last, tool] : words;
}

function asJson(found: readonly Explanation[], hint: string | undefined): string {
  const didYouMean = hint === undefined ? {} : { didYouMean: hint };
  return `${JSON.stringify({ schema: 1, explanations: found, ...didYouMean }, undefined, 2)}\n`;
}

function asText(found: readonly Explanation[], hint: string | undefined, world: World): string {
  if (found.length > 0) return found.map((each) => paragraph(each, world.columns)).join("\n");
  const meant = hint === undefined ? "" : `Did you mean ${hint}?\n`;
  return `unknown: nothing here fits it\n${meant}${UNKNOWN}`;
}

const UNKNOWN = `By default it is tried once more, and stays failed then. To be told more, hand over what the
tool wrote:  holdfast explain --exit CODE --stderr FILE -- COMMAND
In code, a rule of your own says what it is: docs/faults.md, "Rules of one's own".
`;

function paragraph(explanation: Explanation, columns: number): string {
  const {
    of,
    class: faultClass,
    code,
    effect,
    cause,
    byDefault,
    advice,
    remedy,
    symptom,
  } = explanation;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["fault", faultClass && `${faultClass}, effect ${effect}, code ${code}`],
    ["cause", cause],
    ["default", byDefault],
    ["advice", advice],
    ["remedy", remedy && `${remedy}: holdfast exec --heal "${NAMED[remedy].example}"`],
    ["symptom", symptom === undefined ? undefined : `${symptom} of docs/symptoms.md`],
  ];
  const lines = rows.flatMap(([name, says]) =>
    says === undefined
      ? []
      : [`  ${name.padEnd(INDENT - 2)}${wrap(says, Math.min(columns, 100), INDENT)}\n`],
  );
  return `${of}\n${lines.join("")}`;
}

const INDENT = 11;
