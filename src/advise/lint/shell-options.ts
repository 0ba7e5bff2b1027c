/** Which of `set -e`, `set -u` and `set -o pipefail` hold for a command. */

import type { Word } from "unbash";
import type { Call } from "./shell-call.ts";

/** What a script may set. */
export type ShellOption = "errexit" | "nounset" | "pipefail";

/** Answers whether an option holds where a call stands. */
export type ShellOptions = (option: ShellOption, call: Pick<Call, "at" | "inFunction">) => boolean;

interface Change {
  readonly at: number;
  readonly option: string;
  readonly isOn: boolean;
}

const LETTERS: Readonly<Record<string, ShellOption>> = { e: "errexit", u: "nounset" };

/**
 * In the order of the text. A function is called later than it stands, so for its commands an option
 * counts that is set anywhere.
 *
 * @param flags What the shell was started with: `-eu -o pipefail`.
 */
export function shellOptions(calls: readonly Call[], flags: string): ShellOptions {
  const started = changesOf(flags.split(/\s+/)).map((change) => ({ ...change, at: -1 }));
  const changes: Change[] = [
    ...started,
    ...calls
      .filter(({ name }) => name === "set")
      .flatMap(({ words, at }) => changesOf(words.map(textOf)).map((each) => ({ ...each, at }))),
  ];
  const byOption = Map.groupBy(changes, ({ option }) => option);
  const everOn = new Set(changes.flatMap(({ option, isOn }) => (isOn ? option : [])));
  return (option, { at, inFunction }) => {
    if (inFunction !== undefined) return everOn.has(option);
    return lastBefore(byOption.get(option) ?? [], at)?.isOn ?? false;
  };
}

/** By halves: a script may have as many changes as commands that ask for them. */
function lastBefore(changes: readonly Change[], at: number): Change | undefined {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1];
}

function changesOf(words: readonly string[]): Pick<Change, "option" | "isOn">[] {
  return words.flatMap((word, index) => {
    if (!/^[-+][A-Za-z]+$/.test(word)) return [];
    const isOn = word.startsWith("-");
    const letters = word.slice(1).split("");
    const named = letters.includes("o") ? (words[index + 1] ?? "") : "";
    const options = [...letters.map((letter) => LETTERS[letter] ?? ""), named];
    return options.filter((option) => option !== "").map((option) => ({ option, isOn }));
  });
}

function textOf({ value }: Word): string {
  return value;
}
