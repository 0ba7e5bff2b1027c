/**
 * A command over an overlay: `--dry-run` shows what files it would change, `--transaction` puts them in
 * place once all is well. Each attempt begins with the files as they are.
 *
 * Where the layers of a process lie is written down beside the journal, so that a later start removes
 * them when the process was killed, or does the rest of a commit that was cut off.
 */

import { existsSync, realpathSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { SandboxError } from "../../core/errors.ts";
import type { Owner } from "../../core/journal.ts";
import { isWithin } from "../../core/permissions.ts";
import { isGone, thisProcess } from "../../journal/owner.ts";
import type { Wrapped } from "../../process/contain.ts";
import type { FileChange } from "../../process/overlay-changes.ts";
import { removeStages } from "../../process/overlay-commit.ts";
import { finishCommit, READY } from "../../process/overlay-finish.ts";
import { openOverlay, whyNoOverlay, type Overlay } from "../../process/overlay.ts";
import type { ExecPlan } from "./plan.ts";

/** What it is called where it is told how a command was held. */
const LEVEL = "overlay";

/** See the header. */
export class Overlaid {
  readonly #plan: ExecPlan;
  readonly #record: string;
  readonly #place: string;
  readonly #directories: readonly string[];
  #overlay: Overlay | undefined;

  private constructor(plan: ExecPlan, records: string, runId: string) {
    const { cwd, write } = plan;
    this.#plan = plan;
    this.#record = join(records, `${runId}.json`);
    this.#directories = write.length === 0 ? [cwd] : write.map((path) => resolve(cwd, path));
    this.#place = join(spoolBeside(this.#directories, records), `holdfast-${runId}`);
  }

  /**
   * Rejects with `SandboxError` where the machine has no overlays, and with `OptionsError` for a
   * directory that cannot be laid over. Nothing was run then.
   */
  static async open(plan: ExecPlan, records: string, runId: string): Promise<Overlaid> {
    await mkdir(records, { recursive: true, mode: 0o700 });
    const overlaid = new Overlaid(plan, records, runId);
    try {
      await overlaid.#makePlace();
      const lacks = await whyNoOverlay(overlaid.#place);
      if (lacks !== "") throw new SandboxError(lacks);
      // A directory that cannot be laid over is told before anything is run.
      await overlaid.begin();
      return overlaid;
    } catch (error) {
      await overlaid.remove();
      throw error;
    }
  }

  /** It is written down first, so that nothing of it outlives a kill. */
  async #makePlace(): Promise<void> {
    const layers: Layers = { owner: thisProcess(), place: this.#place };
    await writeFile(this.#record, JSON.stringify(layers), { mode: 0o600 });
    await mkdir(this.#place, { mode: 0o700 });
  }

  /** Begins anew: what an attempt before wrote is gone. */
  async begin(): Promise<void> {
    await this.#overlay?.remove();
    this.#overlay = await openOverlay({ directories: this.#directories, spoolIn: this.#place });
  }

  /** Runs something over the files as the command left them. */
  readonly wrap = (argv: readonly string[]): Wrapped => {
    const { cwd, dryRun, net, noNet } = this.#plan;
    // What is sent is not taken back: a dry run sends nothing, unless that is asked for.
    const hasNet = dryRun ? net.length > 0 : !noNet;
    return { argv: this.#opened().wrap(argv, { cwd, hasNet }), level: LEVEL };
  };

  /** What the last attempt changed; nothing when none was begun. */
  async changes(): Promise<readonly FileChange[]> {
    const { spool } = this.#overlay ?? {};
    // Where the command was killed with all around it, nobody has listed what is left.
    const isListed = this.#directories.every((_, at) =>
      existsSync(join(spool ?? "", `${at}`, "entries")),
    );
    return isListed ? this.#opened().changes() : [];
  }

  /** Puts the changes in place. Answers and rejects as `Overlay.commit` does. */
  commit(): Promise<readonly string[]> {
    return this.#opened().commit();
  }

  /** Removes the layers, unless a commit was cut off in its middle: a later start does its rest. */
  async remove(): Promise<void> {
    const overlay = this.#overlay;
    if (overlay !== undefined && existsSync(join(overlay.spool, READY))) return;
    this.#overlay = undefined;
    await overlay?.remove();
    await rm(this.#place, { recursive: true, force: true, maxRetries: 3 });
    await rm(this.#record, { force: true });
  }

  #opened(): Overlay {
    if (this.#overlay === undefined) throw new Error("No attempt has begun");
    return this.#overlay;
  }
}

/** What is written down of the layers of one process. */
interface Layers {
  readonly owner: Owner;
  /** The directory in which they are. */
  readonly place: string;
}

/** The layers cannot lie in what is laid over. */
function spoolBeside(directories: readonly string[], records: string): string {
  const covered = directories.map(realPath);
  const places = [records, tmpdir(), "/var/tmp", "/dev/shm"].map(realPath);
  return places.find((place) => !isWithin(place, covered)) ?? records;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Whoever opens it says that it is not there.
    return path;
  }
}

/** What was found of a process that was killed, and has been dealt with. */
export interface SweptLayers {
  readonly runId: string;
  /** Whether its changes were being put in place: they are in place now. */
  readonly isFinished: boolean;
  /** In how many directories lay copies that were to be put in place; they are gone. */
  readonly stages: number;
  /** Where lies what others had put there meanwhile. */
  readonly kept: readonly string[];
}

/**
 * Removes the layers of processes that were killed, and what they had copied; a commit that was cut off
 * is done to its end. One that cannot be dealt with is left for the next start.
 */
export async function sweepLayers(
  records: string,
  failed: (error: Error) => void,
): Promise<readonly SweptLayers[]> {
  const swept: SweptLayers[] = [];
  for (const name of await readdir(records)) {
    if (!name.endsWith(".json")) continue;
    try {
      swept.push(...(await sweepOne(join(records, name))));
    } catch (error) {
      failed(error as Error);
    }
  }
  return swept;
}

async function sweepOne(record: string): Promise<SweptLayers[]> {
  const { owner, place } = JSON.parse(await readFile(record, "utf8")) as Layers;
  if (isGone(owner) !== true) return [];
  const found = { runId: basename(record, ".json"), isFinished: false, stages: 0 };
  const kept: string[] = [];
  for (const name of existsSync(place) ? await readdir(place) : []) {
    const spool = join(place, name);
    if (existsSync(join(spool, READY))) {
      kept.push(...(await finishCommit(spool)));
      found.isFinished = true;
    } else found.stages += await removeStages(spool);
  }
  await rm(place, { recursive: true, force: true, maxRetries: 3 });
  await rm(record, { force: true });
  return [{ ...found, kept }];
}
