/** Draws one use of `holdfast exec`, and says how it must end. Pure. */

import { constants } from "node:os";
import type { Random } from "../../src/core/dice.ts";
import { KINDS, type Output } from "./bytes.ts";

/** What the command does. */
export interface Deed {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals | undefined;
  /** Whether it writes what it reads. */
  readonly echoes: boolean;
  /** How long it waits after each piece, in milliseconds. */
  readonly slowMs: number;
  readonly ignoresTerm: boolean;
  /** Does not end by itself; looks about itself so often, in milliseconds. */
  readonly staysFor?: number | undefined;
  /** Starts somebody that outlives it. */
  readonly leaves?: { readonly pidFile: string; readonly isDetached: boolean } | undefined;
}

/** What stands at the command's standard input. */
export type Input = "empty" | "closed" | "piped";

/** One use. */
export interface Case {
  readonly flags: readonly string[];
  readonly deed: Deed;
  readonly input: Input;
  readonly piped: Output;
  /** Where its output goes: into a pipe, into one that is read slowly, or into a file. */
  readonly reader: "pipe" | "slow pipe" | "file";
  readonly expected: Expected;
}

/** How it must end. */
export interface Expected {
  readonly exitCode: number;
  /** Exactly this, in this order. */
  readonly stdout: readonly Output[];
  /** What the error stream begins with, before holdfast's own lines. */
  readonly stderr: readonly Output[];
  /** What becomes of whoever the command started. */
  readonly left: "lives" | "ended" | "nobody";
}

/** Bounds of what is drawn. */
export interface Sizes {
  readonly mostBytes: number;
  /** One of how many is larger than a few megabytes. */
  readonly largeOneIn: number;
}

const SIGNALS = ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGALRM"] as const;
const SMALL = [0, 0, 1, 7, 4_096, 65_535, 65_536, 65_537, 200_000, 3_000_000];

/** @param pidFile Where the one that is left behind is written down. */
export function drawCase(random: Random, sizes: Sizes, pidFile: string): Case {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const chance = (oneIn: number) => below(oneIn) === 0;
  const output = (bytes: number): Output => ({ kind: pick(KINDS), bytes, seed: below(2 ** 31) });

  const isStuck = chance(12);
  const isLarge = !isStuck && chance(sizes.largeOneIn);
  const large = Math.floor(sizes.mostBytes * (0.25 + 0.75 * random()));
  const bytes = isStuck ? 0 : isLarge ? large : pick(SMALL);
  const stdout = output(bytes);
  const stderr = output(isStuck ? 0 : pick(SMALL.slice(0, 9)));
  const isSignalled = !isStuck && chance(6);
  const signal = isSignalled ? pick(SIGNALS) : undefined;
  const exitCode = chance(2) ? 0 : 1 + below(255);
  const input = pick<Input>(["empty", "closed", "piped"]);
  const piped = output(input === "piped" ? pick(SMALL) : 0);
  const echoes = !isStuck && input === "piped" && chance(2);
  const leaves = chance(8) ? { pidFile, isDetached: chance(2) } : undefined;
  const deed: Deed = {
    stdout,
    stderr,
    exitCode,
    signal,
    echoes,
    slowMs: !isLarge && chance(10) ? 5 : 0,
    ignoresTerm: isStuck && chance(2),
    staysFor: isStuck ? 1_000 : undefined,
    leaves,
  };
  const isGood = !isStuck && signal === undefined && exitCode === 0;
  const code = signal === undefined ? exitCode : 128 + constants.signals[signal];
  // What is retried has read its input the first time.
  const isRetried = !isStuck && !isGood && !isLarge && signal === undefined && chance(4);
  const isQuiet = !isStuck && chance(5);
  const isRead = chance(4);
  const flags = [
    ...(isStuck ? ["--timeout", "1500ms", "--grace", pick(["0s", "100ms"])] : []),
    ...(isRetried ? ["--attempts", "2", "--backoff", "1ms", "--retry-on", `${exitCode}`] : []),
    ...(isQuiet ? ["--quiet-on-success"] : []),
    ...(isRead
      ? [pick(["--expect-output=", "--idle-timeout=1h", "--fatal-on=/^\\0never\\0$/"])]
      : []),
  ].flatMap((flag) =>
    flag === "--expect-output="
      ? ["--expect-output", "/^/"]
      : flag.startsWith("--idle") || flag.startsWith("--fatal-on=")
        ? flag.split("=")
        : [flag],
  );
  const once = [...(echoes ? [piped] : []), stdout];
  const all = isRetried ? [...once, stdout] : once;
  return {
    flags,
    deed,
    input,
    piped,
    // Whoever is left behind holds a pipe for as long as it lives.
    reader: leaves !== undefined ? "file" : pick(["pipe", "pipe", "slow pipe", "file"]),
    expected: {
      exitCode: isStuck ? 124 : code,
      stdout: isQuiet && isGood ? [] : all,
      stderr: isQuiet && isGood ? [] : [stderr],
      left: leaves === undefined ? "nobody" : isStuck ? "ended" : "lives",
    },
  };
}
