/** Looks whether what an automation requires is there. */

import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { RequirementError, TimeoutError } from "../core/errors.ts";
import type { FaultClass } from "../core/fault.ts";
import { formatBytes } from "../core/size.ts";
import { timeout } from "../policies/timeout.ts";
import type { SettledRequirements } from "./requirements.ts";

/** How long a host may take to accept a connection. */
const CONNECT_MS = 5_000;

/** How long the automation's own check may take. */
const CHECK_MS = 60_000;

/** What lacks, and what class of failure that is. */
interface Lack {
  readonly problem: string;
  readonly class: FaultClass;
  readonly error?: unknown;
}

/** Where the check looks. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Checks everything, and rejects with one `RequirementError` that names all that lacks. It is worth
 * trying later when time alone can cure all of it: space, hosts.
 */
export async function checkRequirements(
  requires: SettledRequirements,
  surroundings: Surroundings,
): Promise<void> {
  const { env, signal } = surroundings;
  const answers = await Promise.all([
    ...requires.commands.map((command) => lacksCommand(command, env)),
    ...Object.entries(requires.free).map(([path, bytes]) => lacksSpace(path, bytes)),
    ...requires.writable.map(lacksAccess),
    ...requires.reachable.map((address) => lacksHost(address, signal)),
    lacksOwn(requires.check, surroundings),
  ]);
  signal.throwIfAborted();
  const unset = requires.variables.map((name) => lacksVariable(name, env));
  const lacks = [...answers, ...unset].filter((lack) => lack !== undefined);
  if (lacks.length === 0) return;
  const worst = lacks.find((lack) => lack.class === "fatal") ?? lacks[0];
  const causes = lacks.map(({ error }) => error).filter((error) => error !== undefined);
  throw new RequirementError(
    lacks.map(({ problem }) => problem).join("; "),
    worst?.class ?? "unknown",
    causes.length === 0 ? {} : { cause: causes[0] },
  );
}

async function lacksCommand(command: string, env: Surroundings["env"]): Promise<Lack | undefined> {
  const places = command.includes("/")
    ? [command]
    : (env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, command));
  for (const place of places) {
    if ((await isAccessible(place, constants.X_OK)) && (await isFile(place))) return undefined;
  }
  return { problem: `command "${command}" is not on the PATH`, class: "fatal" };
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Directories are executable too. */
async function isFile(path: string): Promise<boolean> {
  return (await stat(path)).isFile();
}

async function lacksSpace(path: string, bytes: number): Promise<Lack | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    const freeBytes = bavail * bsize;
    if (freeBytes >= bytes) return undefined;
    const problem = `${path} has ${formatBytes(freeBytes)} free, and ${formatBytes(bytes)} are needed`;
    return { problem, class: "degraded" };
  } catch (error) {
    return { problem: `the free space of ${path} cannot be read`, class: "fatal", error };
  }
}

async function lacksAccess(path: string): Promise<Lack | undefined> {
  if (await isAccessible(path, constants.W_OK)) return undefined;
  return { problem: `${path} is not writable`, class: "fatal" };
}

function lacksHost(
  { host, port }: { host: string; port: number },
  signal: AbortSignal,
): Promise<Lack | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: CONNECT_MS });
    const end = (lack: Lack | undefined) => {
      socket.destroy();
      resolve(lack);
    };
    const problem = `${host}:${port} cannot be reached`;
    socket.once("connect", () => end(undefined));
    socket.once("timeout", () =>
      end({ problem: `${problem} within ${CONNECT_MS / 1_000} s`, class: "timeout" }),
    );
    socket.once("error", (error) => end({ problem, class: "transient", error }));
  });
}

function lacksVariable(name: string, env: Surroundings["env"]): Lack | undefined {
  if (env[name] !== undefined && env[name] !== "") return undefined;
  return { problem: `environment variable ${name} is not set`, class: "fatal" };
}

async function lacksOwn(
  check: SettledRequirements["check"],
  { signal, clock }: Surroundings,
): Promise<Lack | undefined> {
  if (check === undefined) return undefined;
  const limit = timeout(CHECK_MS, { name: "requires.check", clock });
  try {
    const answer = await limit.run(async (attempt) => check(attempt.signal), { signal });
    if (answer !== false) return undefined;
    return { problem: "the automation's own check answered false", class: "fatal" };
  } catch (error) {
    if (error instanceof TimeoutError && !signal.aborted) {
      return { problem: "the automation's own check did not end", class: "timeout", error };
    }
    const problem = error instanceof Error ? error.message : String(error);
    return { problem, class: "fatal", error };
  }
}
