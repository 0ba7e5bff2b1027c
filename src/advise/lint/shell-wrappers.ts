/** Programs that run another one: what counts is what they run. */

import type { Command, Word } from "unbash";
import { readOptions, type OptionStyle } from "./shell-words.ts";

interface Wrapper extends OptionStyle {
  /** How many operands stand before the command: `timeout 5s curl`. */
  readonly operands?: number;
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  sudo: { valued: "CDghpRrTtUu", valuedLong: ["--user", "--group"] },
  doas: { valued: "Cu" },
  env: { valued: "uCS", valuedLong: ["--unset", "--chdir"] },
  nice: { valued: "n", valuedLong: ["--adjustment"] },
  ionice: { valued: "cn", valuedLong: ["--class", "--classdata"] },
  timeout: { valued: "ks", valuedLong: ["--kill-after", "--signal"], operands: 1 },
  stdbuf: { valued: "ioe" },
  flock: { valued: "wE", valuedLong: ["--timeout", "--wait"], operands: 1 },
  nohup: {},
  setsid: {},
  chronic: {},
  time: { valued: "fo" },
  exec: { valued: "a" },
  command: {},
  builtin: {},
};

/** Nobody stands in a longer row. */
const MOST_WRAPPERS = 10;

/** The program that a command runs in the end, and what follows its name. */
export function unwrapped(
  { name, args }: Pick<Command, "name" | "args">,
  most = MOST_WRAPPERS,
): {
  readonly name: string | undefined;
  readonly words: readonly Word[];
} {
  const words = args.filter((arg): arg is Word => arg.type === "Word");
  if (name === undefined) return { name: undefined, words };
  const wrapper = Object.hasOwn(WRAPPERS, name.value) ? WRAPPERS[name.value] : undefined;
  if (wrapper === undefined || most === 0) return { name: name.value, words };
  const { operands } = readOptions(words, { ...wrapper, operandsEnd: true });
  // `env A=1 B=2 command`; `command -v curl` asks only whether it is there.
  const isQuestion = name.value === "command" && words[0]?.value.startsWith("-") === true;
  const inner = operands
    .slice(wrapper.operands ?? 0)
    .filter((_, index, all) => !all.slice(0, index + 1).every(isAssignment));
  const [program, ...rest] = inner;
  if (program === undefined || isQuestion) return { name: name.value, words };
  return unwrapped({ name: program, args: rest }, most - 1);
}

function isAssignment({ value }: Word): boolean {
  return /^\w+=/.test(value);
}
