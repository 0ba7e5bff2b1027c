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
import { join, resolve } from "node:path";
import { SandboxError } from "../../core/errors.ts";
import type { Owner } from "../../core/journal.ts";
import { isWithin } from "../../core/permissions.ts";
import { isGone, thisProcess } from "../../journal/owner.ts";
import type { Wrapped } from "../../process/contain.ts";
import type { FileChange } from "../../process/overlay-changes.ts";
import { finishCommit } from "../../process/overlay-commit.ts";
import { openOverlay, whyNoOverlay, type Overlay } from "../../process/overlay.ts";
import type { ExecPlan } from "./plan.ts";

/** What it is called where it is told how a command was held. */
const LEVEL = "overlay";

/** See the header. */
export class Overlaid {
  readonly #plan: ExecPlan;
  readonly #records: string;
  readonly #record: string;
  readonly #spoolIn: string;
  readonly #directories: readonly string[];
  #overlay: Overlay | undefined;

  private constructor(plan: ExecPlan, records: string, runId: string) {
    const { cwd, write } = plan;
    this.#plan = plan;
    this.#records = records;
    this.#record = join(records, `${runId}.json`);
    this.#directories = write.length === 0 ? [cwd] : write.map((path) => resolve(cwd, path));
    this.#spoolIn = spoolBeside(this.#directories, records);
  }

  /**
   * Rejects with `SandboxError` where the machine has no overlays, and with `OptionsError` for a
   * directory that cannot be laid over. Nothing was run then.
   */
  static async open(plan: ExecPlan, records: string, runId: string): Promise<Overlaid> {
    await mkdir(records, { recursive: true, mode: 0o700 });
    const overlaid = new Overlaid(plan, records, runId);
    const lacks = await whyNoOverlay(overlaid.#spoolIn);
    if (lacks !== "") throw new SandboxError(lacks);
    // A directory that cannot be laid over is told before anything is run.
    await overlaid.begin();
    return overlaid;
  }

  /** Begins anew: what an attempt before wrote is gone. */
  async begin(): Promise<void> {
    await this.remove();
    await mkdir(this.#records, { recursive: true, mode: 0o700 });
    this.#overlay = await openOverlay({
      directories: this.#directories,
      spoolIn: this.#spoolIn,
    });
    const layers: Layers = { owner: thisProcess(), spool: this.#overlay.spool };
    await writeFile(this.#record, JSON.stringify(layers), { mode: 0o600 });
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

  /** Puts the changes in place. Rejects as `Overlay.commit` does. */
  commit(): Promise<void> {
    return this.#opened().commit();
  }

  /** Removes the layers, unless a commit was cut off in its middle: a later start does its rest. */
  async remove(): Promise<void> {
    const overlay = this.#overlay;
    if (overlay === undefined || existsSync(join(overlay.spool, "ready"))) return;
    this.#overlay = undefined;
    await overlay.remove();
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
  readonly spool: string;
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

/**
 * Removes the layers of processes that were killed. Answers the overlays whose changes were being put
 * in place: that has been done to its end now. One that cannot be dealt with is left for the next start.
 */
export async function sweepLayers(
  records: string,
  failed: (error: Error) => void,
): Promise<readonly string[]> {
  const finished: string[] = [];
  for (const name of await readdir(records)) {
    if (!name.endsWith(".json")) continue;
    try {
      if (await sweepOne(join(records, name))) finished.push(name.slice(0, -".json".length));
    } catch (error) {
      failed(error as Error);
    }
  }
  return finished;
}

async function sweepOne(record: string): Promise<boolean> {
  const { owner, spool } = JSON.parse(await readFile(record, "utf8")) as Layers;
  if (isGone(owner) !== true) return false;
  const isCutOff = existsSync(join(spool, "ready"));
  if (isCutOff) await finishCommit(spool);
  await rm(spool, { recursive: true, force: true, maxRetries: 3 });
  await rm(record, { force: true });
  return isCutOff;
}
