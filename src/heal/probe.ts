/** Asks something whether it works: a function, a command, or a connection. Within a deadline. */

import { connect } from "node:net";
import type { Clock } from "../core/clock.ts";
import { OptionsError } from "../core/errors.ts";
import { errorLine, summariseError } from "../core/error-summary.ts";
import type { Reader } from "../core/options.ts";
import { clip, show } from "../core/show.ts";
import { timeout } from "../policies/timeout.ts";
import { runCommand } from "../process/start-command.ts";

/** What a function is given that looks or acts. */
export interface ProbeContext {
  /** Aborts when its time is up. */
  readonly signal: AbortSignal;
}

/**
 * A command, as its program and arguments, that exits with 0 when all is well; or a function that
 * neither throws nor answers `false` then.
 */
export type Probe = readonly string[] | ((context: ProbeContext) => unknown);

/** What a probe found: `isWell`, and why not. */
export interface Probed {
  readonly isWell: boolean;
  /** In words, for whoever reads the journal. */
  readonly found: string;
}

/** Asks until it is well, or the time is up. */
export type Ask = (options: {
  clock: Clock;
  signal: AbortSignal;
  limitMs: number;
}) => Promise<Probed>;

const LONGEST = 200;

/** Reads a probe, or something to do that is written in the same way. Default: none. */
export const readProbe: Reader<Probe | undefined> = (value, path) => {
  if (value === undefined || typeof value === "function") return value as Probe | undefined;
  const isArgv =
    Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string");
  if (isArgv) return Object.freeze([...value]) as Probe;
  throw new OptionsError(
    path,
    `expected a function, or a command as ["program", "argument"], received ${show(value)}`,
  );
};

/** How it is told. */
export function describeProbe(probe: Probe): string {
  return typeof probe === "function" ? probe.name || "a function" : clip(probe.join(" "), LONGEST);
}

/** Asks it. A deadline makes no answer of silence. */
export function askBy(probe: Probe): Ask {
  return async ({ clock, signal, limitMs }) => {
    try {
      const limit = timeout(limitMs, { name: describeProbe(probe), clock });
      const problem = await limit.run((given) => findProblem(probe, given.signal), { signal });
      return problem === undefined
        ? { isWell: true, found: `${describeProbe(probe)} is well` }
        : { isWell: false, found: problem };
    } catch (error) {
      signal.throwIfAborted();
      return { isWell: false, found: errorLine(summariseError(error)) };
    }
  };
}

/** Does it. Rejects when it fails. */
export async function perform(action: Probe, signal: AbortSignal): Promise<void> {
  const problem = await findProblem(action, signal);
  signal.throwIfAborted();
  if (problem !== undefined) throw new Error(problem);
}

async function findProblem(probe: Probe, signal: AbortSignal): Promise<string | undefined> {
  if (typeof probe === "function") {
    const answer = await probe({ signal });
    return answer === false ? `${describeProbe(probe)} said no` : undefined;
  }
  const {
    exitCode,
    signal: endedBy,
    startError,
    stderr,
  } = await runCommand(probe, {
    signal,
    unattended: true,
    timeout: Infinity,
  });
  if (exitCode === 0) return undefined;
  const how = startError ?? endedBy ?? `exit code ${exitCode}`;
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return `${describeProbe(probe)}: ${how}${line === "" ? "" : `, ${clip(line, LONGEST)}`}`;
}

/** A probe that connects to a host and port, which includes to look the name up. */
export function connectTo(host: string, port: number): Probe {
  return Object.defineProperty(
    ({ signal }: ProbeContext) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.once("connect", () => {
          socket.destroy();
          resolve();
        });
        socket.once("error", reject);
      }),
    "name",
    { value: `${host}:${port}` },
  );
}
