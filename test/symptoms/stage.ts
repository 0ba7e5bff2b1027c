/**
 * Runs real tools that fail, and says what they were classified as. Nothing of what they write is
 * recorded: each line comes from the process that has just ended.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { faultOf } from "../../src/classify/classify.ts";
import { commandFinding } from "../../src/classify/command.ts";
import type { CommandEnd, Symptoms } from "../../src/core/command-end.ts";
import type { Fault } from "../../src/core/fault.ts";
import { countOomKills, readSymptoms } from "../../src/process/symptoms.ts";

/** What a symptom is to come out as: class, effect and code, `degraded partial ENOSPC`. */
export type Expected = string;

/** One failure that was seen. */
export interface Shown {
  /** Its number in docs/symptoms.md; none where it only sounds like one. */
  readonly symptom: number | undefined;
  readonly what: string;
  readonly said: string;
  readonly found: string;
  readonly expected: Expected;
}

/** How a command is run besides. */
export interface Run {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs it in a small file system of its own, which is full, or out of inodes, or neither. */
  readonly disk?: { readonly kind: "bytes" | "inodes" | "roomy"; readonly prepare?: string };
  /** The signal to send once it runs. */
  readonly kill?: NodeJS.Signals;
  /** Counts what the kernel killed meanwhile, which may be another's. */
  readonly counts?: boolean;
}

const scratch: string[] = [];

/** A directory that is removed in the end; others than its owner are let in by its mode, `755`. */
export function folder(mode?: string): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast symptoms-"));
  scratch.push(path);
  if (mode !== undefined) chmodSync(path, mode);
  return path;
}

/** Whether a program can be found. */
export function isHere(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$0"', program]).status === 0;
}

/** What is told of symptoms that this machine cannot show. */
export const NOT_SHOWN: string[] = [];

/** Shows nothing, and has it said why. */
export function missing(symptoms: readonly number[], what: string): readonly Shown[] {
  NOT_SHOWN.push(`#${symptoms.join(" #")}: ${what} is not here`);
  return [];
}

/** Removes every directory. */
export function cleanUp(): void {
  for (const path of scratch.splice(0)) rmSync(path, { recursive: true, force: true });
}

/** What stands in the small file system: mounted over `$1`, prepared by `$2`, filled by `$3`. */
const IN_SMALL_DISK = `
mount -t tmpfs -o "$3" symptoms "$1" && cd "$1" || exit 250
eval "$2" >/dev/null 2>&1
case "$4" in
  bytes) dd if=/dev/zero of=filler bs=1k >/dev/null 2>&1 ;;
  inodes) i=0; while touch "filler$i" 2>/dev/null; do i=$((i + 1)); done ;;
esac
shift 4
"$@"
code=$?
stat -f -c '%a %d' . >&3
exit $code`;

const OPTIONS = { bytes: "size=1m", inodes: "size=1m,nr_inodes=40", roomy: "size=1m" } as const;

/** Starts what holds something, in a group of its own, and waits until it says so; the answer ends it. */
export async function held(program: string, ...words: string[]): Promise<() => Promise<void>> {
  const holder = spawn(program, words, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return async () => {
    process.kill(-(holder.pid ?? 0));
    await once(holder, "close");
  };
}

/** Runs a command that is to fail, and classifies its end. */
export async function ran(
  symptom: number | undefined,
  expected: Expected,
  argv: readonly string[],
  run: Run = {},
): Promise<Shown> {
  const end = await endOf(argv, run);
  const finding = commandFinding(end);
  const how = end.startError ?? end.signal ?? `exit ${end.exitCode}`;
  const said = [end.stderr, end.stdout].flatMap((part) => part.trim().split("\n")).filter(Boolean);
  return {
    symptom,
    what: argv.join(" "),
    said: [how, ...said.slice(0, 3), ...(said.length > 3 ? said.slice(3).slice(-2) : [])].join(
      "\n",
    ),
    found: inWords(finding.fault),
    expected,
  };
}

/** Does what is to throw, and classifies the error. */
export async function threw(
  symptom: number,
  expected: Expected,
  what: string,
  work: () => unknown,
): Promise<Shown> {
  try {
    await work();
  } catch (error) {
    const { name, message, cause } = error as Error;
    const said = `${name}: ${message}${cause instanceof Error ? `: ${cause.message}` : ""}`;
    return { symptom, what, said, found: inWords(faultOf(error)), expected };
  }
  return { symptom, what, said: "no error", found: "none", expected };
}

function inWords({ class: name, effect, code }: Fault): string {
  return `${name} ${effect} ${code}`;
}

/** Without what npm tells those whom it runs: it would make an npm of the tests as silent as that one. */
const OURS = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)),
);

async function endOf(argv: readonly string[], run: Run): Promise<CommandEnd> {
  const { env, cwd, disk, kill } = run;
  const oomKillsBefore = run.counts === true ? countOomKills() : undefined;
  const at = disk === undefined ? cwd : folder();
  const wrap =
    disk === undefined
      ? []
      : ["unshare", "-rm", "sh", "-c", IN_SMALL_DISK, "sh"].concat([
          at ?? "",
          disk.prepare ?? "",
          OPTIONS[disk.kind],
          disk.kind,
        ]);
  const [program = "", ...words] = [...wrap, ...argv];
  const startedAtMs = performance.now();
  const gone = { exitCode: undefined, signal: undefined, stdout: "", stderr: "" };
  const measure = () => performance.now() - startedAtMs;
  try {
    const child = spawn(program, words, {
      cwd: at,
      env: { ...OURS, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const outputs = Promise.all(
      [child.stdout, child.stderr, child.stdio[3] as NodeJS.ReadableStream].map((stream) =>
        text(stream!),
      ),
    );
    if (kill !== undefined) void once(child, "spawn").then(() => child.kill(kill));
    const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
    const [stdout = "", stderr = "", measured = ""] = await outputs;
    return {
      argv,
      exitCode: exitCode ?? undefined,
      signal: signal ?? undefined,
      stdout,
      stderr,
      durationMs: measure(),
      symptoms: {
        ...readSymptoms({ argv, cwd: at ?? process.cwd(), temporary: undefined }, oomKillsBefore),
        ...symptomsOf(measured),
      },
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { argv, ...gone, startError: code, durationMs: measure() };
  }
}

function symptomsOf(measured: string): Symptoms | undefined {
  const [blocks, inodes] = measured.trim().split(" ").map(Number);
  if (inodes === undefined) return undefined;
  if (blocks === 0) return { full: "bytes" };
  return { full: inodes === 0 ? "inodes" : "neither" };
}
