/** A remedy for a service that has stopped, or that stands still: it is started again. */

import { OptionsError } from "../core/errors.ts";
import { duration, readOptions, text, type Reader } from "../core/options.ts";
import type { Duration } from "../core/duration.ts";
import type { ActContext, Remedy, RemedyContext } from "../core/remedy.ts";
import { show } from "../core/show.ts";
import { SERVICE_DOWN } from "./codes.ts";
import {
  checkWithinLimit,
  HOUR,
  limitReaders,
  limitsOf,
  MINUTE,
  SECOND,
  type RemedyLimits,
} from "./limits.ts";
import { findStopped } from "./owner-of.ts";
import { askBy, describeProbe, perform, readProbe, type Probe, type Probed } from "./probe.ts";
import { readPath } from "./path-option.ts";

/** Which service, how it is asked, and how it is started. */
export interface ServiceOptions extends RemedyLimits {
  /**
   * A service of systemd, which is restarted by it, also where it failed so often that systemd starts it
   * no more. By its name: no pattern, and no target or mount. Either this or `start`.
   */
  readonly unit?: string | undefined;
  /** Starts the service, and ends once that runs in the background. Either this or `unit`. */
  readonly start?: Probe | undefined;
  /** Stops what is left of it before; that it fails is no matter. Default: nothing. */
  readonly stop?: Probe | undefined;
  /**
   * Asks the service itself whether it works: a connection alone says little, for a process that stands
   * still takes connections too. Default for a unit: `systemctl is-active`.
   */
  readonly probe?: Probe | undefined;
  /** Holds the pid of the service: where it was stopped by SIGSTOP it is continued first. Default: none. */
  readonly pidFile?: string | undefined;
  /** How long one question may take. Default 5 seconds. */
  readonly probeTimeout?: Duration | undefined;
  /** How long it may take until it works after its start. Default 30 seconds. */
  readonly startWithin?: Duration | undefined;
}

/** Letters that a name may have; of `*`, `?` and `[` systemctl makes all that match. Source: systemd.unit(5). */
const UNIT = /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/;

/** What a restart would stop besides: whole groups of services, even the machine. */
const NO_SERVICE = /\.(?:target|mount|automount|swap|slice|scope|device)$/;

const readUnit: Reader<string | undefined> = (value, path) => {
  const name = text({ default: undefined })(value, path);
  if (name === undefined || (UNIT.test(name) && !NO_SERVICE.test(name))) return name;
  throw new OptionsError(path, `expected the name of one service, received ${show(name)}`);
};

const READERS = {
  unit: readUnit,
  start: readProbe,
  stop: readProbe,
  probe: readProbe,
  pidFile: (value, path) => (value === undefined ? undefined : readPath(value, path)),
  probeTimeout: duration({ min: 1, default: 5 * SECOND }),
  startWithin: duration({ min: 1, default: 30 * SECOND }),
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 30 * SECOND, limitMs: 3 * MINUTE }),
} satisfies Record<keyof ServiceOptions, Reader<unknown>>;

/** How often it is asked while it starts. */
const ASK_EVERY_MS = 250;

/** What ends as soon as it was started has mostly ended by then. */
const STEADY_MS = 1_000;

/** How a service is asked, stopped and started. */
interface Ways {
  readonly name: string;
  readonly start: Probe;
  readonly stop: Probe | undefined;
  /** The unit of systemd, if it is one. */
  readonly unit: string | undefined;
  readonly probe: Probe;
  /** Whether a service that answers works: systemd calls active what has only just been started. */
  readonly isCertain: boolean;
  readonly pidFile: string | undefined;
  readonly probeTimeoutMs: number;
  readonly startWithinMs: number;
}

/**
 * Starts a service again that does not answer its probe. It counts as healed once the probe is well.
 *
 * Defaults: 3 times an hour, 30 seconds' cool-down, 3 minutes. Of all processes one at a time does so.
 *
 * @throws {OptionsError} At once, without `unit` or `start`, with both, or with `start` and no `probe`.
 */
export function service(options: ServiceOptions): Remedy {
  const settled = readOptions("service", options, READERS);
  const ways = waysOf(settled);
  const { probeTimeout, startWithin } = settled;
  checkWithinLimit("service", settled, { probeTimeout, startWithin });
  return Object.freeze({
    name: "service",
    target: ways.name,
    blastRadius: `starts ${ways.name} again when it does not answer: it is away for a moment for all who use it`,
    advice: `look why ${ways.name} does not work: its own log tells`,
    isExclusive: true,
    ...limitsOf(settled, SERVICE_DOWN),
    examine: async (context: RemedyContext) => {
      const { isWell, found } = await ask(ways, context);
      return { isPresent: !isWell, found, plan: planOf(ways) };
    },
    act: (context: ActContext) => startAgain(ways, context),
    measure: async (context: RemedyContext) => {
      const { isWell: isGone, found } = await awaitSteady(ways, context);
      return { isGone, found };
    },
  });
}

function waysOf(settled: ReturnType<typeof readOptions<typeof READERS>>): Ways {
  const { unit, start, stop, probe, pidFile } = settled;
  const common = {
    unit,
    stop,
    isCertain: probe !== undefined,
    pidFile,
    probeTimeoutMs: settled.probeTimeout,
    startWithinMs: settled.startWithin,
  };
  if (start !== undefined && unit === undefined) {
    if (probe === undefined) throw new OptionsError("service.probe", "expected one beside start");
    return { ...common, name: describeProbe(start), start, probe };
  }
  if (unit === undefined || start !== undefined) {
    throw new OptionsError("service", 'expected either "unit" or "start"');
  }
  return {
    ...common,
    name: unit,
    start: ["systemctl", "restart", unit],
    probe: probe ?? ["systemctl", "is-active", "--quiet", unit],
  };
}

function planOf({ stop, start, pidFile }: Ways): string[] {
  return [
    ...(findStopped(pidFile) !== undefined ? ["continue its process, which was stopped"] : []),
    ...(stop === undefined ? [] : [`run ${describeProbe(stop)}`]),
    `run ${describeProbe(start)}`,
  ];
}

async function startAgain(ways: Ways, context: ActContext): Promise<void> {
  const { signal, did } = context;
  const pid = findStopped(ways.pidFile);
  if (pid !== undefined) {
    process.kill(pid, "SIGCONT");
    did(`continued process ${pid}`);
    // The mildest thing that helps is enough.
    if ((await awaitWell(ways, context, ways.probeTimeoutMs)).isWell) return;
  }
  if (ways.stop !== undefined) await runAnyway(ways.stop, context);
  if (ways.unit !== undefined) await forgetFailures(ways.unit, ways, context);
  await perform(ways.start, signal);
  did(`ran ${describeProbe(ways.start)}`);
}

/** Of what fails here no more than that is told. */
async function runAnyway(command: Probe, { signal, did }: ActContext): Promise<void> {
  const problem = await perform(command, signal).then(
    () => "",
    (error: unknown) => `, which failed: ${String(error)}`,
  );
  signal.throwIfAborted();
  did(`ran ${describeProbe(command)}${problem}`);
}

/** A unit that failed a few times in a row systemd does not start, for nobody, until that is forgotten. */
async function forgetFailures(unit: string, ways: Ways, context: ActContext): Promise<void> {
  const { clock, signal } = context;
  const isFailed = askBy(["systemctl", "is-failed", "--quiet", unit]);
  const { isWell } = await isFailed({ clock, signal, limitMs: ways.probeTimeoutMs });
  if (isWell) await runAnyway(["systemctl", "reset-failed", unit], context);
}

async function awaitSteady(ways: Ways, context: RemedyContext): Promise<Probed> {
  const probed = await awaitWell(ways, context, ways.startWithinMs);
  if (!probed.isWell || ways.isCertain) return probed;
  await context.clock.sleep(STEADY_MS, context.signal);
  return ask(ways, context);
}

async function awaitWell(ways: Ways, context: RemedyContext, withinMs: number): Promise<Probed> {
  const { clock, signal } = context;
  const untilMs = clock.elapsed() + withinMs;
  for (;;) {
    const probed = await ask(ways, context);
    if (probed.isWell || clock.elapsed() >= untilMs) return probed;
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

function ask({ probe, probeTimeoutMs }: Ways, { clock, signal }: RemedyContext): Promise<Probed> {
  return askBy(probe)({ clock, signal, limitMs: probeTimeoutMs });
}
