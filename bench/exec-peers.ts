/**
 * What `holdfast exec`, execa, coreutils' timeout, moreutils' chronic and GNU parallel do with the same
 * commands. Prints the table of docs/exec.md.
 *
 *   cd bench && npm ci && node exec-peers.ts [part of a case's name]
 */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Descendants } from "../test/process/descendants.ts";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");
const EXECA = join(import.meta.dirname, "peers/execa.ts");
const place = mkdtempSync(join(tmpdir(), "holdfast-peers-"));

/** What is asked of a tool. */
interface Asked {
  readonly argv: readonly string[];
  /** A time limit, in milliseconds. */
  readonly limitMs?: number;
  readonly attempts?: number;
}

/** The command line of a tool; `undefined` where it has no such thing. */
type Tool = (asked: Asked) => readonly string[] | undefined;

const word = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const TOOLS: Readonly<Record<string, Tool>> = {
  "holdfast exec": ({ argv, limitMs, attempts }) => [
    process.execPath,
    MAIN,
    "exec",
    "--grace",
    "200ms",
    ...(limitMs === undefined ? [] : ["--timeout", `${limitMs}ms`]),
    ...(attempts === undefined ? [] : ["--attempts", `${attempts}`, "--backoff", "10ms"]),
    "--",
    ...argv,
  ],
  execa: ({ argv, limitMs, attempts }) =>
    attempts === undefined
      ? [process.execPath, EXECA, JSON.stringify({ limitMs, argv })]
      : undefined,
  timeout: ({ argv, limitMs = 60_000, attempts }) =>
    attempts === undefined
      ? ["timeout", "--kill-after=0.2", `${limitMs / 1_000}`, ...argv]
      : undefined,
  chronic: ({ argv, limitMs, attempts }) =>
    limitMs === undefined && attempts === undefined ? ["chronic", ...argv] : undefined,
  "parallel --retries": ({ argv, limitMs, attempts = 1 }) => [
    "parallel",
    "--will-cite",
    "--retries",
    `${attempts}`,
    ...(limitMs === undefined
      ? []
      : ["--timeout", `${limitMs / 1_000}`, "--termseq", "TERM,200,KILL,25"]),
    ":::",
    argv.map(word).join(" "),
  ],
};

/** A case: plays it with a tool, and says in a few words what came of it. */
type Play = (run: (asked: Asked) => Started | undefined) => Promise<string>;

interface Started {
  readonly child: ChildProcess;
  /** The exit code as a shell has it. */
  readonly code: Promise<number>;
  readonly output: Promise<Buffer>;
}

const sh = (line: string): readonly string[] => ["sh", "-c", line];
const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

const code =
  (asked: Asked): Play =>
  async (run) => {
    const started = run(asked);
    return started === undefined ? "–" : `exit ${await started.code}`;
  };

/** How many of the six kinds of descendants live on when `end` has happened. */
const survivors =
  (asked: Omit<Asked, "argv">, end: (child: ChildProcess) => void): Play =>
  async (run) => {
    const six = new Descendants();
    try {
      const started = run({ ...asked, argv: six.argv });
      if (started === undefined) return "–";
      await six.started();
      end(started.child);
      const status = await Promise.race([started.code, sleep(8_000, -1)]);
      // Whoever watches over the killed tool gives its commands 5 seconds to end.
      await sleep(7_000);
      const living = six.survivors().length;
      return `${living} of 6 live; ${status === -1 ? "hangs" : `exit ${status}`}`;
    } finally {
      six.close();
    }
  };

const bytes =
  (line: string, expected: Buffer): Play =>
  async (run) => {
    const started = run({ argv: sh(line) });
    if (started === undefined) return "–";
    const output = await started.output;
    await started.code;
    if (hash(output) === hash(expected)) return "all bytes";
    return output.length === 0 ? "nothing" : `${output.length} of ${expected.length} bytes`;
  };

const file = join(place, "data");
const data = Buffer.alloc(50_000_000);
for (let at = 0; at < data.length; at++) data[at] = (at * 2_654_435_761) >>> 13;
writeFileSync(file, data);
const notExecutable = join(place, "plain");
writeFileSync(notExecutable, "data");
const odd = Buffer.from([0xff, 0x00, 0x80, 0x61]);

const CASES: Readonly<Record<string, Play>> = {
  "ends with 7": code({ argv: sh("exit 7") }),
  "is killed by SIGKILL": code({ argv: sh("kill -KILL $$") }),
  "is not found": code({ argv: ["no-such-program"] }),
  "cannot be executed": code({ argv: [notExecutable] }),
  "writes 50 MB of binary": bytes(`cat ${file}`, data),
  "writes a zero byte and invalid UTF-8, no newline": bytes(`printf '\\377\\000\\200a'`, odd),
  "fails, and has written": bytes(`printf '\\377\\000\\200a'; exit 3`, odd),
  "reads what is piped into it": async (run) => {
    const started = run({ argv: ["cat"] });
    if (started === undefined) return "–";
    started.child.stdin?.end("piped");
    return (await started.output).toString() === "piped" ? "gets it" : "gets nothing";
  },
  "leaves a daemon that holds its output": async (run) => {
    const pidFile = join(place, "daemon");
    const argv = sh(`setsid sleep 20 & echo $! > ${pidFile}; exit 5`);
    const started = run({ argv });
    if (started === undefined) return "–";
    const status = await Promise.race([started.code, sleep(5_000, -1)]);
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    return status === -1 ? "waits for the daemon" : `exit ${status} at once`;
  },
  "does not end in time, and takes no SIGTERM": async (run) => {
    const started = run({ argv: sh("trap '' TERM; while :; do sleep 0.1; done"), limitMs: 1_000 });
    if (started === undefined) return "–";
    return `exit ${await started.code}`;
  },
  "does not end in time, with six kinds of descendants": survivors(
    { limitMs: 2_000 },
    () => undefined,
  ),
  "the same, the tool gets SIGTERM": survivors({}, (child) => void child.kill("SIGTERM")),
  "the same, the tool gets kill -9": survivors({}, (child) => void child.kill("SIGKILL")),
  "succeeds at the third attempt": async (run) => {
    const count = join(place, "count");
    writeFileSync(count, "");
    const line = `echo x >> ${count}; [ $(wc -l < ${count}) = 3 ]`;
    const started = run({ argv: sh(line), attempts: 3 });
    return started === undefined ? "–" : `exit ${await started.code}`;
  },
};

function start(tool: Tool, asked: Asked): Started | undefined {
  const words = tool(asked);
  if (words === undefined) return undefined;
  const [program = "", ...args] = words;
  const child = spawn(program, args, {
    cwd: place,
    env: { ...process.env, HOLDFAST_HOME: join(place, "home") },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const output = once(child, "close").then(() => Buffer.concat(parts));
  return {
    child,
    code: exited.then(([status, signal]) => status ?? (signal === "SIGKILL" ? 137 : 143)),
    output,
  };
}

const version = (argv: readonly string[]) =>
  /\d+[\d.]+\d/.exec(spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" }).stdout)?.[0];

try {
  const { version: ofExeca } = JSON.parse(
    readFileSync(join(import.meta.dirname, "node_modules/execa/package.json"), "utf8"),
  ) as { version: string };
  console.log(
    `node ${process.versions.node}, execa ${ofExeca}, coreutils ${version(["timeout", "--version"])}, moreutils ${version(["dpkg-query", "-W", "moreutils"])}, parallel ${version(["parallel", "--version"])}\n`,
  );
  console.log(`| a command that … | ${Object.keys(TOOLS).join(" | ")} |`);
  console.log(`| --- |${" --- |".repeat(Object.keys(TOOLS).length)}`);
  const [, , part = ""] = process.argv;
  for (const [name, playCase] of Object.entries(CASES).filter(([each]) => each.includes(part))) {
    const row: string[] = [];
    for (const tool of Object.values(TOOLS))
      row.push(await playCase((asked) => start(tool, asked)));
    console.log(`| ${name} | ${row.join(" | ")} |`);
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
process.exit();
