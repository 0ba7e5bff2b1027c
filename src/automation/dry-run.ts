/**
 * A dry run: reads are done, and whatever has an effect only tells that it would be done. What it would
 * have answered is what its `plan` answers; without one it is unknown, and code that looks into the
 * unknown ends there, for nothing can be said of what it would do.
 */

import { withAmbient } from "../core/context.ts";
import { DryRunError, NotReachedError } from "../core/dry-run-errors.ts";
import { clip, show } from "../core/show.ts";
import { stepLabel } from "./book.ts";
import type { Scope } from "./scope.ts";
import type { SettledStep } from "./step-options.ts";
import type { Temp } from "./resource/temp.ts";
import { loggerAt, type World } from "./world.ts";

/** What a dry run came to. */
export interface PlannedStep {
  /** As people name it: `task/step`. */
  readonly label: string;
  /** `heal`: a read failed, and a remedy fits. `not reached`: it needs what was not done. */
  readonly would: "do" | "wait" | "clean up" | "run" | "heal" | "not reached";
  /** What its `plan` answers, as text; what the remedy would do; or what is needed to reach it. */
  readonly detail?: string | undefined;
}

/** As many as are kept; a map may have 100,000 items. */
const MAX_KEPT = 1_000;

const MAX_DETAIL = 300;

/** What a run would do, in the order in which its code came to it. */
export class DryRun {
  readonly #planned: PlannedStep[] = [];

  get planned(): readonly PlannedStep[] {
    return this.#planned;
  }

  add(step: PlannedStep): void {
    if (this.#planned.length < MAX_KEPT) this.#planned.push(step);
  }
}

/** Something of a task that has an effect, and is not done. */
export interface Planned {
  readonly kind: Parameters<Scope["claimName"]>[0];
  readonly name: string;
  readonly would: PlannedStep["would"];
  readonly settled?: Pick<SettledStep, "plan"> | undefined;
}

/** Tells that it would be done, and answers what its plan does. Rejects as the plan does. */
export async function planned(
  scope: Scope,
  dryRun: DryRun,
  { kind, name, would, settled }: Planned,
): Promise<unknown> {
  const { world } = scope;
  const fullName = scope.claimName(kind, name);
  const label = stepLabel(scope.name, fullName);
  const where = { task: scope.name, step: fullName };
  const log = loggerAt(world, where);
  const plan = settled?.plan;
  if (plan === undefined) {
    dryRun.add({ label, would });
    log.info(`Dry run: would ${would} "${label}"`);
    return unknownValue(label);
  }
  const surrounding = { where, stream: () => undefined, scope, isDryRun: true };
  const value = await withAmbient(surrounding, async () => plan({ signal: scope.signal, log }));
  const detail = textOf(world, value);
  dryRun.add({ label, would, ...(detail === undefined ? {} : { detail }) });
  log.info(`Dry run: would ${would} "${label}"${detail === undefined ? "" : `: ${detail}`}`);
  return value;
}

/** Keeps what could not be reached, where `error` says so. */
export function noteUnreached(world: World, label: string, error: unknown): void {
  if (!(error instanceof NotReachedError)) return;
  world.dryRun?.add({ label, would: "not reached", detail: error.needs });
}

function textOf({ redactor }: World, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  try {
    return clip(redactor.text(JSON.stringify(value) ?? show(value)), MAX_DETAIL);
  } catch {
    return show(value);
  }
}

/** Can be handed on and waited for; whoever looks into it is told what it needs. */
export function unknownValue(label: string): unknown {
  const refuse = (): never => {
    throw new NotReachedError("What comes here", `the value of "${label}", which has no plan`);
  };
  return new Proxy(function nothing() {}, {
    // A promise asks whether it is one, too.
    get: (_, name) => (name === "then" ? undefined : refuse()),
    apply: refuse,
    construct: refuse,
    has: refuse,
    ownKeys: refuse,
    set: refuse,
    getPrototypeOf: refuse,
  });
}

/** In place of something temporary, which is not made. */
export function plannedTemp(path: string): Temp {
  return {
    get path(): string {
      throw new DryRunError(`Making ${path}`);
    },
    remove: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
