/** One command from its start to its end: its streams, its limits, and its tree. */

import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { denialOf } from "../core/denial.ts";
import type { OutputTarget, SettledRun, StreamName } from "./command-options.ts";
import { drain } from "./drain.ts";
import type { EndedCommand, RunningCommand } from "./ended-command.ts";
import { feed } from "./feed.ts";
import { findStartProblem, type StartProblem } from "./find-program.ts";
import { writeRecord } from "./leftover-record.ts";
import { LineSplitter } from "./line-splitter.ts";
import { OutputPump } from "./output-pump.ts";
import { findProcess, pidSpace } from "./process-table.ts";
import { ProcessTree } from "./process-tree.ts";
import { planSpawn, type SpawnPlan } from "./spawn-plan.ts";
import { StopWatch } from "./stop-watch.ts";
import { countOomKills, readSymptoms } from "./symptoms.ts";
import {
  hangUp,
  leave,
  letGo,
  listen,
  type Exit,
  type SupervisorReport,
} from "./supervisor-report.ts";
import { Tail } from "./tail.ts";
import { guard, type Guard } from "./watchdog.ts";

/** How long a supervisor may take to begin, and the kernel to tell us of the end of what we have killed. */
const LAST_WORD_MS = 1_000;

/** How long a supervisor may take to end whom nobody else sees. It goes on by itself afterwards. */
const HUNT_MS = 5_000;

/** Its input broke off. */
interface Broken {
  readonly error: unknown;
}

/** What of an end is said of the command's own process. */
type OwnEnd = Pick<EndedCommand, "exitCode" | "signal" | "startError" | "startProblem">;

const NO_EXIT: Exit = { exitCode: undefined, signal: undefined };

/** A command that is started by the system itself. */
const AT_ONCE = { held: Promise.resolve(), begun: Promise.resolve(), gone: Promise.resolve() };

/** See the header. */
export class Execution {
  readonly #command: readonly string[];
  readonly #settled: SettledRun;
  readonly #plan: SpawnPlan;
  readonly #startedAtMs: number;
  readonly #oomKills = countOomKills();
  readonly #tails: Readonly<Record<StreamName, Tail>>;
  #pumps: readonly OutputPump[] = [];
  #isTreeEnded = false;
  #leavesNobody: boolean;

  /** @throws {OptionsError} When it is to be run as a user that this process may not become. */
  constructor(
    command: readonly string[],
    settled: SettledRun,
    { isSupervisable }: { readonly isSupervisable: boolean },
  ) {
    this.#command = command;
    this.#settled = settled;
    this.#leavesNobody = settled.leftovers === "end";
    this.#plan = planSpawn(command, settled, isSupervisable);
    this.#startedAtMs = settled.clock.elapsed();
    this.#tails = { stdout: new Tail(settled.keep), stderr: new Tail(settled.keep) };
  }

  /** Starts it; whatever becomes of that is told by its end. */
  start(): RunningCommand {
    if (this.#settled.signal?.aborted === true) return this.#neverRan({ endedBy: "cancel" });
    // A wrapper would only say that it could not, in words and with an exit code of its own. Under
    // permissions of Node's what may not be looked at seems missing.
    const isTold = this.#plan.isWrapped && (process.permission as unknown) === undefined;
    const problem = isTold ? this.#findProblem() : undefined;
    if (problem !== undefined) return this.#failed(problem.code);
    const { argv, options, isSupervised, ownsGroup, mark } = this.#plan;
    const [program = "", ...args] = argv;
    const guarded = isSupervised ? undefined : guard(mark);
    try {
      const child = spawn(program, args, options);
      if (child.pid !== undefined) {
        guarded?.names(child.pid, ownsGroup);
        return this.#watch(child, child.pid, guarded);
      }
      guarded?.release();
      return this.#failing(child);
    } catch (error) {
      guarded?.release();
      // It names what is lacking, which a code does not.
      if (denialOf(error) !== undefined) return { ...NEVER_RAN, end: Promise.reject(error) };
      return this.#failed(codeOf(error));
    }
  }

  #watch(child: ChildProcess, pid: number, guarded: Guard | undefined): RunningCommand {
    const { clock, input } = this.#settled;
    const { ownsGroup, isSupervised, mark } = this.#plan;
    const strike = this.#writeDown(pid);
    const tree = new ProcessTree({ pid, ownsGroup, isSupervisor: isSupervised, mark }, clock);
    const report = isSupervised ? listen(child) : { ...AT_ONCE, exited: exitOf(child) };
    const broken = new Promise<Broken>((resolve) => {
      const begin = (): void => {
        if (input === undefined || child.stdin === null) return;
        feed(child.stdin, input, (error) => resolve({ error }));
      };
      this.#whenHeld(report, pid, begin);
    });
    const end = this.#untilEnd(child, tree, { report, broken })
      .then(
        (ended) => {
          // Whom we could not end the next start tries again.
          if (ended.leftovers.length === 0) strike();
          return ended;
        },
        (error: unknown) => {
          strike();
          throw error;
        },
      )
      .finally(() => {
        if (guarded === undefined) (this.#isTreeEnded ? leave : letGo)(child);
        else guarded.release();
        // What could not be ended must not keep this process either.
        child.stdin?.destroy();
        child.unref();
      });
    return {
      pid,
      end,
      forward: (signal) => tree.forward(signal),
      leaveNobody: () => {
        this.#leavesNobody = true;
      },
    };
  }

  /** Its input is not begun on before: nothing reads it where the command is to be started anew. */
  #whenHeld({ held }: SupervisorReport, pid: number, begin: () => void): void {
    const { level, isSupervised } = this.#plan;
    const started = (): void => {
      this.#settled.onStart?.({ pid, level });
      begin();
    };
    if (isSupervised) void held.then(started, () => undefined);
    else started();
  }

  async #untilEnd(
    child: ChildProcess,
    tree: ProcessTree,
    { report, broken }: { readonly report: SupervisorReport; readonly broken: Promise<Broken> },
  ): Promise<EndedCommand> {
    const { clock } = this.#settled;
    const isHeldBack = (): boolean => this.#pumps.some((pump) => pump.isHeldBack);
    const watch = new StopWatch({ ...this.#settled, isHeldBack });
    const exited = report.held.then(() => report.exited);
    this.#pumps = this.#listen(child, watch.heard);
    try {
      // The input first: a command that ends because its input did has not succeeded.
      const first = await Promise.race([broken, exited, watch.stopped]);
      if (typeof first === "object" && "error" in first) {
        await this.#endTree(child, tree, report);
        throw first.error;
      }
      const endedBy = typeof first === "string" ? first : undefined;
      const isLost = typeof first === "object" && first.isLost === true;
      const isEnded = endedBy !== undefined || this.#leavesNobody || isLost;
      const leftovers = isEnded ? await this.#endTree(child, tree, report) : [];
      const exit = typeof first === "string" ? await this.#soon(exited, NO_EXIT) : first;
      const durationMs = clock.elapsed() - this.#startedAtMs;
      await this.#drained(watch, endedBy !== undefined);
      return this.#ended({ ...this.#howItEnded(exit), endedBy, leftovers, durationMs });
    } finally {
      watch.end();
      for (const pump of this.#pumps) pump.close();
    }
  }

  async #endTree(
    child: ChildProcess,
    tree: ProcessTree,
    { begun, gone }: SupervisorReport,
  ): Promise<readonly number[]> {
    this.#isTreeEnded = true;
    // A supervisor that has not begun yet would be taken for a tree that is gone.
    await this.#soon(begun, undefined);
    await tree.ask(this.#settled.grace);
    if (this.#plan.isSupervised) hangUp(child);
    const leftovers = await tree.kill();
    // Who is another process at every look is seen by its supervisor alone.
    if (leftovers.length === 0) await this.#soon(gone, undefined, HUNT_MS);
    return leftovers;
  }

  /** What was killed has ended, but we may not have been told yet. */
  async #soon<Told>(
    told: Promise<Told>,
    otherwise: Told,
    limitMs: number = LAST_WORD_MS,
  ): Promise<Told> {
    const isTold = new AbortController();
    const patience = this.#settled.clock.sleep(limitMs, isTold.signal);
    return Promise.race([told, patience.then(() => otherwise)])
      .catch(() => otherwise)
      .finally(() => isTold.abort());
  }

  #howItEnded({ exitCode, signal, startError }: Exit): OwnEnd {
    return { exitCode, signal, ...(startError === undefined ? {} : this.#notStarted(startError)) };
  }

  /** Its limits hold also for a reader of its output that is slow. */
  async #drained(watch: StopWatch, isStopped: boolean): Promise<void> {
    const draining = drain({
      pumps: this.#pumps,
      clock: this.#settled.clock,
      heardAtMs: () => watch.heardAtMs,
      isPatient: !isStopped,
    });
    await (isStopped ? draining : Promise.race([draining, watch.stopped]));
  }

  #listen(child: ChildProcess, heard: () => void): OutputPump[] {
    const { stdout, stderr, onLine } = this.#settled;
    const pump = (
      name: StreamName,
      source: Readable | null,
      target: OutputTarget,
    ): OutputPump[] => {
      if (source === null) return [];
      const lines = onLine && new LineSplitter((line) => onLine(line, name));
      const writable = writableOf(target, name);
      return [new OutputPump(source, { tail: this.#tails[name], heard, lines, writable })];
    };
    return [...pump("stdout", child.stdout, stdout), ...pump("stderr", child.stderr, stderr)];
  }

  #writeDown(pid: number): () => void {
    const { records, clock } = this.#settled;
    if (records === undefined) return () => undefined;
    const { mark, ownsGroup } = this.#plan;
    return writeRecord(records, {
      mark,
      ownsGroup,
      program: this.#command[0] ?? "",
      command: { pid, startTime: findProcess(pid)?.startTime ?? "" },
      owner: { pid: process.pid, startTime: findProcess(process.pid)?.startTime ?? "" },
      startedAtMs: clock.now(),
      ...pidSpace(),
    });
  }

  /** The system tells of it in the next turn. */
  #failing(child: ChildProcess): RunningCommand {
    const end = new Promise<EndedCommand>((resolve) => {
      child.once("error", (error) => resolve(this.#failed(codeOf(error)).end));
    });
    return { ...NEVER_RAN, end };
  }

  #failed(startError: string): RunningCommand {
    return this.#neverRan(this.#notStarted(startError));
  }

  #notStarted(startError: string): Pick<EndedCommand, "startError" | "startProblem"> {
    const startProblem = this.#findProblem();
    return { startError, ...(startProblem === undefined ? {} : { startProblem }) };
  }

  #neverRan(end: Partial<EndedCommand>): RunningCommand {
    const durationMs = this.#settled.clock.elapsed() - this.#startedAtMs;
    return {
      ...NEVER_RAN,
      end: Promise.resolve(this.#ended({ ...NO_EXIT, leftovers: [], durationMs, ...end })),
    };
  }

  #findProblem(): StartProblem | undefined {
    const { cwd, env } = this.#plan;
    return findStartProblem({ program: this.#command[0] ?? "", cwd, path: env["PATH"] });
  }

  #ended(
    end: OwnEnd & Pick<EndedCommand, "leftovers" | "durationMs"> & Partial<EndedCommand>,
  ): EndedCommand {
    const { stdout, stderr } = this.#tails;
    const { cwd, env, level } = this.#plan;
    const outputError = this.#pumps
      .map((pump) => pump.errorCode)
      .find((code) => code !== undefined);
    const isWell = end.exitCode === 0 || end.endedBy === "cancel";
    const places = { argv: this.#command, cwd, temporary: env["TMPDIR"] };
    return {
      argv: this.#command,
      level,
      stdout: stdout.text(),
      stderr: stderr.text(),
      stdoutBytes: stdout.total,
      stderrBytes: stderr.total,
      ...end,
      ...(outputError === undefined ? {} : { outputError }),
      ...(outputError === "EPIPE" && !isWell ? BY_ITS_READER : {}),
      ...(isWell ? {} : { symptoms: readSymptoms(places, this.#oomKills) }),
    };
  }
}

/**
 * Node makes sockets where a shell makes pipes. Who writes into one that was closed with something
 * unread in it is told "Connection reset" first, as if a network had failed, and not EPIPE.
 */
const BY_ITS_READER: Exit = { exitCode: undefined, signal: "SIGPIPE" };

const NEVER_RAN = {
  pid: undefined,
  forward: (): void => undefined,
  leaveNobody: (): void => undefined,
};

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
    });
  });
}

function writableOf(target: OutputTarget, name: StreamName): Writable | undefined {
  if (target === "pass") return process[name];
  return typeof target === "string" ? undefined : target;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "UNKNOWN";
}
