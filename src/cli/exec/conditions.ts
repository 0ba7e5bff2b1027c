/** What `--retry-on` and `--fatal-on` name: ends of a command, by exit code, signal or output. */

import type { CommandEnd } from "../../core/command-end.ts";
import { OptionsError } from "../../core/errors.ts";
import { matches } from "./bounded-match.ts";

/** Some ends of a command. */
export type Condition =
  | { readonly from: number; readonly to: number }
  | { readonly signal: string }
  | { readonly pattern: RegExp };

const HIGHEST_EXIT_CODE = 255;

/**
 * Reads `75`, `100-110`, `SIGKILL`, several of them with commas between them, or `/pattern/` with the
 * flags i, m, s and u, which is looked for in the last of what the command wrote.
 *
 * @throws {OptionsError} When it is none of them.
 */
export function readConditions(text: string, path: string): readonly Condition[] {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source !== undefined) return [{ pattern: readPattern({ source, flags }, text, path) }];
  return text.split(",").map((part) => {
    const condition = findCondition(part.trim());
    if (condition !== undefined) return condition;
    throw new OptionsError(
      path,
      `expected exit codes from 1 to ${HIGHEST_EXIT_CODE} such as 75 or 100-110, SIGKILL, or /pattern/, received ${JSON.stringify(text)}`,
    );
  });
}

function findCondition(part: string): Condition | undefined {
  if (/^SIG[A-Z][A-Z0-9]*$/.test(part)) return { signal: part };
  const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from >= 1 && from <= to && to <= HIGHEST_EXIT_CODE ? { from, to } : undefined;
}

/**
 * The text or pattern that `--expect-output` wants to see; `undefined` where that could not be found out
 * in time. @throws {OptionsError} For a bad pattern.
 */
export function readExpected(text: string, path: string): (output: string) => boolean | undefined {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source === undefined) return (output) => output.includes(text);
  const pattern = readPattern({ source, flags }, text, path);
  return (output) => matches(pattern, output);
}

function readPattern(
  { source, flags = "" }: { readonly source: string; readonly flags: string | undefined },
  text: string,
  path: string,
): RegExp {
  try {
    // A pattern with g or y would remember where it was.
    if (/^[imsu]*$/.test(flags)) return new RegExp(source, flags);
  } catch {
    // It is told below.
  }
  throw new OptionsError(
    path,
    `${JSON.stringify(text)} is no pattern: /text/ with flags of i, m, s, u`,
  );
}

/**
 * Whether one of them names how the command ended. One that was ended by us has no code of its own.
 *
 * @param unclear What a pattern counts as that could not be looked for in time.
 */
export function isNamed(
  end: CommandEnd,
  conditions: readonly Condition[],
  unclear: boolean,
): boolean {
  return conditions.some((condition) => {
    if ("pattern" in condition) {
      const found = [end.stderr, end.stdout].map((text) => matches(condition.pattern, text));
      return found.includes(true) || (unclear && found.includes(undefined));
    }
    if ("signal" in condition) return end.signal === condition.signal;
    const { exitCode = 0 } = end;
    return condition.from <= exitCode && exitCode <= condition.to;
  });
}
