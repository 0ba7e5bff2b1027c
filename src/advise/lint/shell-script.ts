/**
 * A shell script as the rules see it: the commands that it calls, in the order of the text, each with
 * what becomes of its exit code.
 */

import {
  forEachChild,
  parse,
  type AndOr,
  type Command,
  type CompoundList,
  type ParsedScript,
  type Redirection,
  type SyntaxNode,
} from "unbash";
import { shellOptions, type ShellOptions } from "./shell-options.ts";
import type { Call, Pipeline, Standing } from "./shell-call.ts";
import { isComparison, readValues, type Values } from "./shell-values.ts";
import { unwrapped } from "./shell-wrappers.ts";

/** A whole script. */
export interface Script {
  readonly text: string;
  readonly dialect: "bash" | "sh";
  /** Whether another script may read it in, whose options hold for it then. */
  readonly isFragment: boolean;
  readonly calls: readonly Call[];
  /** Those of its own functions. */
  readonly functionCalls: readonly Call[];
  /** Every node, in the order of the text. */
  readonly nodes: readonly PlacedNode[];
  readonly options: ShellOptions;
  readonly values: Values;
  /** The names of its functions: they are no programs. */
  readonly functions: ReadonlySet<string>;
  readonly errors: readonly { readonly message: string; readonly at: number }[];
}

/** A node, and where it stands. */
export interface PlacedNode {
  readonly node: SyntaxNode;
  readonly at: number;
  /** Whether it stands in `$(…)`. */
  readonly isSubstituted: boolean;
  /** Whether what follows is not reached, or another way, when it fails: `if`, `|| exit`. */
  readonly isGuarded: boolean;
  /** Whether nothing comes after it. */
  readonly isEnd: boolean;
}

/** What surrounds a node. */
interface Place extends Standing {
  readonly pipeline: Pipeline | undefined;
  /**
   * Positions within backquotes count in a text of their own: then everything in them stands where
   * they stand.
   */
  readonly at: number | undefined;
}

interface Draft {
  readonly calls: Call[];
  readonly nodes: PlacedNode[];
  readonly functions: Set<string>;
  readonly errors: { readonly message: string; readonly at: number }[];
}

const TOP: Place = {
  isChecked: false,
  isGuarded: false,
  listEnd: Infinity,
  shellEnd: Infinity,
  isFed: false,
  isBackground: false,
  isEnd: true,
  isSubstituted: false,
  answerTo: undefined,
  inFunction: undefined,
  pipeline: undefined,
  at: undefined,
};

/** How a script is read. */
export interface Reading {
  /** Default: bash. */
  readonly dialect?: "bash" | "sh" | undefined;
  /** What its shell was started with: `-eu`. Default: nothing. */
  readonly flags?: string | undefined;
  /** Default: false. */
  readonly isFragment?: boolean | undefined;
}

/** Reads a script, or as much of it as a shell would read. */
export function readScript(text: string, reading: Reading = {}): Script {
  const { dialect = "bash", flags = "", isFragment = false } = reading;
  const draft: Draft = { calls: [], nodes: [], functions: new Set(), errors: [] };
  try {
    visit(parseRead(text), TOP, draft);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    draft.errors.push({ message: "it is nested too deeply", at: 0 });
  }
  const calls = draft.calls.filter(({ name }) => !draft.functions.has(name));
  const functionCalls = draft.calls.filter(({ name }) => draft.functions.has(name));
  const options = shellOptions(draft.calls, flags);
  const values = readValues(draft.nodes, text);
  return { text, dialect, isFragment, ...draft, calls, functionCalls, options, values };
}

/** A shell reads line by line: behind `exit` and `exec` may stand another language, or an archive. */
function parseRead(text: string): ParsedScript {
  const whole = parse(text);
  const [error] = whole.errors ?? [];
  if (error === undefined) return whole;
  const end = whole.commands.find(
    (statement) => statement.end <= error.pos && endsScript(statement.command),
  )?.end;
  return end === undefined ? whole : parse(text.slice(0, end));
}

function endsScript(node: SyntaxNode): boolean {
  if (node.type !== "Command") return false;
  // `exec > log` only opens a file.
  return node.name?.value === "exit" || (node.name?.value === "exec" && node.args.length > 0);
}

type Visitor<Type extends SyntaxNode["type"]> = (
  node: Extract<SyntaxNode, { type: Type }>,
  place: Place,
  draft: Draft,
) => void;

/** The nodes that change what becomes of the exit codes within them. */
const VISITORS: { readonly [Type in SyntaxNode["type"]]?: Visitor<Type> } = {
  Script: visitScript,
  Statement(node, place, draft) {
    visit(node.command, { ...place, isBackground: node.background === true }, draft);
  },
  AndOr(node, place, draft) {
    // Only the last one's exit code is the list's.
    const last = node.commands.length - 1;
    node.commands.forEach((each, index) => {
      const isChecked = place.isChecked || index < last;
      const isGuarded = place.isGuarded || isAnswered(node, index);
      const listEnd = Math.min(place.listEnd, node.end);
      visit(each, { ...place, isChecked, isGuarded, listEnd }, draft);
    });
  },
  Pipeline: visitPipeline,
  Command: visitCommand,
  Function(node, place, draft) {
    draft.functions.add(node.name.value);
    visit(node.body, { ...TOP, at: place.at, inFunction: node.name.value }, draft);
  },
  CompoundList: visitList,
  If: visitCondition,
  Elif: visitCondition,
  While: visitLoop,
  For: visitLoop,
  Assignment(node, place, draft) {
    forEachChild(node, (child) => visit(child, { ...place, answerTo: node.name }, draft));
  },
  TestBinary(node, place, draft) {
    const answerTo = isComparison(node.operator) ? "=" : undefined;
    forEachChild(node, (child) => visit(child, { ...place, answerTo }, draft));
  },
  Case(node, place, draft) {
    forEachChild(node, (child) => {
      visit(child, { ...place, answerTo: child === node.word ? "=" : place.answerTo }, draft);
    });
  },
  Subshell(node, place, draft) {
    forEachChild(node, (child) => visit(child, { ...place, shellEnd: node.end }, draft));
  },
  CommandExpansion: visitSubstitution,
  ProcessSubstitution: visitSubstitution,
};

function visit(node: SyntaxNode, place: Place, draft: Draft): void {
  const { isSubstituted, isGuarded, isEnd } = place;
  draft.nodes.push({ node, at: place.at ?? node.pos, isSubstituted, isGuarded, isEnd });
  // A node in a command of a pipeline is no part of the pipeline itself.
  const inside = node.type === "Command" ? place : { ...place, pipeline: undefined };
  const visitor = VISITORS[node.type] as Visitor<SyntaxNode["type"]> | undefined;
  if (visitor !== undefined) visitor(node, inside, draft);
  else forEachChild(node, (child) => visit(child, inside, draft));
}

/** Whether its failure leads to anything but going on: `|| exit`, `|| { …; }`. */
function isAnswered({ commands, operators }: AndOr, index: number): boolean {
  const next = commands[index + 1];
  const name = next?.type === "Command" ? (next.name?.value ?? "") : "";
  return operators[index] === "||" && !/^(?:true|:|echo|printf)$/.test(name);
}

function visitCondition(
  node: Extract<SyntaxNode, { clause: unknown }>,
  place: Place,
  draft: Draft,
): void {
  forEachChild(node, (child) => {
    const inside = { ...place, isChecked: true, isGuarded: true };
    visit(child, child === node.clause ? inside : place, draft);
  });
}

/** Only what happened in its last turn is seen in a loop's exit code. */
function visitLoop(
  node: Extract<SyntaxNode, { type: "While" | "For" }>,
  place: Place,
  draft: Draft,
): void {
  const inside = { ...place, isEnd: false };
  if (node.type === "While") visitCondition(node, inside, draft);
  else forEachChild(node, (child) => visit(child, inside, draft));
}

function visitList({ commands }: Pick<CompoundList, "commands">, place: Place, draft: Draft): void {
  commands.forEach((statement, index) => {
    visit(statement, { ...place, isEnd: place.isEnd && index === commands.length - 1 }, draft);
  });
}

/** What is within is another shell, and its exit code is that of what it stands in. */
function visitSubstitution(
  node: Extract<SyntaxNode, { type: "CommandExpansion" | "ProcessSubstitution" }>,
  place: Place,
  draft: Draft,
): void {
  const at = node.text.startsWith("`") ? (place.at ?? node.pos) : place.at;
  const { inFunction, answerTo } = place;
  forEachChild(node, (child) => {
    const inside = { ...TOP, at, inFunction, answerTo, isSubstituted: true, shellEnd: node.end };
    visit(child, inside, draft);
  });
}

function visitScript(script: ParsedScript, place: Place, draft: Draft): void {
  for (const { message, pos } of script.errors ?? []) {
    draft.errors.push({ message, at: place.at ?? pos });
  }
  visitList(script, place, draft);
}

function visitPipeline(
  node: Extract<SyntaxNode, { type: "Pipeline" }>,
  place: Place,
  draft: Draft,
): void {
  const isChecked = place.isChecked || node.prefixes.some(({ type }) => type === "Negation");
  const last = node.commands.at(-1);
  const pipeline: Pipeline = {
    at: place.at ?? node.pos,
    calls: [],
    length: node.commands.length,
    last: last?.type === "Command" ? programOf(last) : "",
    isWritten: last?.type === "Command" && last.redirects.some(writesFile),
    isChecked,
  };
  node.commands.forEach((command, index) => {
    visit(command, { ...place, pipeline, isChecked, isFed: place.isFed || index > 0 }, draft);
  });
}

function visitCommand(node: Command, place: Place, draft: Draft): void {
  const at = place.at ?? node.pos;
  const { name, words } = unwrapped(node);
  // Nothing comes after what takes the shell's place.
  const isEnd = place.isEnd || node.name?.value === "exec";
  if (name !== undefined) {
    const program = baseOf(name);
    const { isChecked } = place;
    const alone = { at, calls: [], length: 1, last: program, isWritten: false, isChecked };
    const pipeline: Pipeline = place.pipeline ?? alone;
    const call = { ...place, name: program, words, redirects: node.redirects, at, pipeline, isEnd };
    pipeline.calls.push(call);
    draft.calls.push(call);
  }
  const isTest = name === "[" || name === "test";
  const answer = isTest && words.some(({ value }) => isComparison(value)) ? "=" : undefined;
  const inside = { ...place, pipeline: undefined, answerTo: answer ?? place.answerTo };
  forEachChild(node, (child) => visit(child, inside, draft));
}

/** Whether what is said goes into a file, and not to another stream or nowhere. */
export function writesFile(redirect: Redirection): boolean {
  if (redirect.type !== "Redirect" || !redirect.operator.includes(">")) return false;
  return (
    redirect.operator !== ">&" && !/^\/dev\/(?:null|std|tty|fd)/.test(redirect.target?.value ?? "")
  );
}

function programOf(command: Command): string {
  return baseOf(unwrapped(command).name ?? "");
}

function baseOf(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}
