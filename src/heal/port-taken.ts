/** A remedy for a port that a stale process of our own still holds. */

import { formatMs } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { integer, readOptions, required, type Reader } from "../core/options.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { findProcess } from "../process/process-table.ts";
import { PORT_TAKEN } from "./codes.ts";
import { commandName } from "./in-use.ts";
import { HOUR, limitReaders, limitsOf, MINUTE, SECOND, type RemedyLimits } from "./limits.ts";
import { findListeners } from "./listeners.ts";
import { readOwnerFile } from "./owner-of.ts";
import { askBy, readProbe, type Probe } from "./probe.ts";
import { readPath } from "./path-option.ts";

/** Which port, and which process may be ended for it. */
export interface PortTakenOptions extends RemedyLimits {
  /** From 1 to 65535. */
  readonly port: number;
  /** The file in which our own process left its pid; no other one is ever ended. */
  readonly pidFile: string;
  /** Asks that process whether it still works: one that does is not stale. Default: it is. */
  readonly probe?: Probe | undefined;
}

const READERS = {
  port: required(integer({ min: 1, max: 65_535, default: undefined }), "a port"),
  pidFile: readPath,
  probe: readProbe,
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 10 * SECOND, limitMs: MINUTE }),
} satisfies Record<keyof PortTakenOptions, Reader<unknown>>;

/** How long it may take to end by itself, and how often to look. */
const GRACE_MS = 10_000;
const LOOK_MS = 100;
const PROBE_MS = 5_000;

/**
 * Ends the process that holds a port, when it is the one that wrote the pid file, and does not answer
 * the probe. Anybody else who holds the port is named and left alone. SIGTERM, and SIGKILL after 10 s.
 *
 * Defaults: 3 times an hour, 10 seconds' cool-down, 1 minute. On Linux only: elsewhere nobody is seen.
 */
export function portTaken(options: PortTakenOptions): Remedy {
  const settled = readOptions("portTaken", options, READERS);
  const { port, pidFile, limit } = settled;
  if (limit <= GRACE_MS) {
    const expected = `expected more than ${formatMs(GRACE_MS)}, which a process has to end by itself`;
    throw new OptionsError("portTaken.limit", `${expected}, received ${formatMs(limit)}`);
  }
  return Object.freeze({
    name: "port-taken",
    target: `port ${port}`,
    blastRadius: `ends the process that wrote ${pidFile}, when it holds port ${port}`,
    advice: `end what holds port ${port}, or take another one`,
    isExclusive: true,
    ...limitsOf(settled, PORT_TAKEN),
    examine: async (context: RemedyContext) => {
      const { isTaken, stale, found } = await examine(settled, context);
      const plan = stale === undefined ? [] : [`end process ${stale} (${commandName(stale)})`];
      return { isPresent: isTaken, found, plan };
    },
    act: async (context: ActContext) => {
      const { stale, found } = await examine(settled, context);
      if (stale === undefined) throw new Error(found);
      await end(stale, port, context);
    },
    measure: async () => {
      const { isTaken } = findListeners(port);
      return { isGone: !isTaken, found: `port ${port} is ${isTaken ? "still taken" : "free"}` };
    },
  });
}

type Settled = ReturnType<typeof readOptions<typeof READERS>>;

async function examine({ port, pidFile, probe }: Settled, { clock, signal }: RemedyContext) {
  const { isTaken, pids } = findListeners(port);
  if (!isTaken) return { isTaken, found: `port ${port} is free` };
  const owner = readOwnerFile(pidFile);
  const mine = owner.writer === "alive" ? pids.find((pid) => pid === owner.pid) : undefined;
  if (mine === process.pid) return { isTaken, found: `port ${port} is held by this very process` };
  const names = pids.map((pid) => `process ${pid} (${commandName(pid)})`).join(", ");
  const held = `port ${port} is held by ${names === "" ? "a process of another user" : names}`;
  if (mine === undefined) {
    const isNamed = owner.pid !== undefined && pids.includes(owner.pid);
    return { isTaken, found: `${held}; ${isNamed ? owner.found : `${pidFile} does not name it`}` };
  }
  if (probe === undefined) return { isTaken, stale: mine, found: held };
  const { isWell, found } = await askBy(probe)({ clock, signal, limitMs: PROBE_MS });
  return isWell
    ? { isTaken, found: `${held}, which works: ${found}` }
    : { isTaken, stale: mine, found: `${held}, which does not answer: ${found}` };
}

async function end(pid: number, port: number, context: ActContext): Promise<void> {
  const { clock, signal, did } = context;
  // By its start: it may delete its pid file before it ends, and the pid is used again.
  const startTime = findProcess(pid)?.startTime;
  const isLeft = () => {
    const found = findProcess(pid);
    return found !== undefined && !found.isZombie && found.startTime === startTime;
  };
  if (!isLeft()) return;
  process.kill(pid, "SIGTERM");
  did(`sent SIGTERM to process ${pid}`);
  // Its first thread may be gone while others still close what it had open.
  const awaitEnd = async () => {
    const untilMs = clock.elapsed() + GRACE_MS;
    while ((isLeft() || findListeners(port).isTaken) && clock.elapsed() < untilMs) {
      await clock.sleep(LOOK_MS, signal);
    }
  };
  await awaitEnd();
  if (!isLeft()) return;
  process.kill(pid, "SIGKILL");
  did(`sent SIGKILL to process ${pid}`);
  await awaitEnd();
}
