/**
 * Makes room on a full disk by deleting the oldest files that match a glob, one by one, with a
 * measurement after each. Bytes or inodes: both show as ENOSPC, and only the file system tells which.
 */

import { OptionsError } from "../core/errors.ts";
import { integer, required, text, type Reader } from "../core/options.ts";
import type { ActContext, Diagnosis, Measurement, Remedy, RemedyContext } from "../core/remedy.ts";
import { formatBytes } from "../core/size.ts";
import { NO_SPACE } from "./codes.ts";
import { findUsers, type FileUser } from "./in-use.ts";
import { HOUR, limitReaders, limitsOf, MINUTE, type SettledLimits } from "./limits.ts";
import {
  deleteFile,
  findCandidates,
  measureRoom,
  openRoot,
  type Room,
  type Root,
} from "./oldest-files.ts";
import {
  neededOf,
  rootOf,
  selectOldest,
  type Candidate,
  type Resource,
  type Selection,
} from "./room.ts";

/** What is to be cleared, and how much must be free then; of bytes or of inodes. */
export interface Clearing extends SettledLimits {
  readonly clear: string;
  readonly keep: number;
  readonly free: number | undefined;
}

/** What a disk is asked and told. @internal */
export interface Disk {
  readonly measure: typeof measureRoom;
  readonly findUsers: typeof findUsers;
}

const DISK: Disk = { measure: measureRoom, findUsers };

/** Where nothing else is said, so much of a file system is to be free, and no more than this. */
const FREE_SHARE = 0.05;
const MOST_FREE: Readonly<Record<Resource, number>> = { bytes: 1e9, inodes: 10_000 };

/** A file system may count what was freed a moment late: so often it is measured again, so far apart. */
const LOOKS = 5;
const LOOK_MS = 200;

/** Deleting many takes a while: who has them open is looked up again as often, which takes some milliseconds. */
const STALE_MS = 1_000;

/** So many lines a plan has; it is for people. */
const MOST_PLANNED = 20;

const readGlob: Reader<string> = (value, path) => {
  const glob = required(text({ default: undefined }), "a glob such as /var/backups/*.gz")(
    value,
    path,
  );
  const problem = problemOf(glob);
  if (problem !== undefined) throw new OptionsError(path, `${problem}, received "${glob}"`);
  return glob;
};

function problemOf(glob: string): string | undefined {
  if (!glob.startsWith("/")) return "expected a glob that begins with /";
  if (glob.split("/").some((part) => part === "." || part === "..")) {
    return "expected a glob without . and ..";
  }
  if (rootOf(glob) === "/") return "expected a glob below a directory, not of the whole machine";
  return undefined;
}

/** The readers that both remedies share. */
export const CLEARING_READERS = {
  clear: readGlob,
  // How many must stay nobody else can know.
  keep: required(integer({ min: 0, default: undefined }), "how many of the newest to keep"),
  ...limitReaders({ times: 3, withinMs: HOUR, coolDownMs: 0, limitMs: 5 * MINUTE }),
};

/** The remedy for one resource. @param disk Another one for tests. */
export function makeRoom(resource: Resource, clearing: Clearing, disk: Disk = DISK): Remedy {
  const { clear, keep } = clearing;
  const room = new RoomMaker(resource, clearing, disk);
  return Object.freeze({
    name: resource === "bytes" ? "disk-full" : "inodes",
    target: clear,
    blastRadius: `deletes regular files that match ${clear}, the oldest first, and never the newest ${keep}`,
    advice: `make room where ${clear} lies, or let more of it go`,
    isExclusive: true,
    ...limitsOf(clearing, NO_SPACE),
    examine: (context: RemedyContext) => room.examine(context),
    act: (context: ActContext) => room.act(context),
    measure: () => room.measure(),
  });
}

/** What may go and what stays, as it was found. */
interface Selected extends Selection {
  readonly inUse: ReadonlyMap<string, FileUser>;
}

class RoomMaker {
  readonly #resource: Resource;
  readonly #clearing: Clearing;
  readonly #disk: Disk;
  readonly #root: string;

  constructor(resource: Resource, clearing: Clearing, disk: Disk) {
    this.#resource = resource;
    this.#clearing = clearing;
    this.#disk = disk;
    this.#root = rootOf(clearing.clear);
  }

  async examine(context: RemedyContext): Promise<Diagnosis> {
    const room = await this.#room();
    const selected = await this.#select(await openRoot(this.#root), context);
    const needed = this.#needed(selected.deletable, room);
    const lines = needed.map((file) => `delete ${this.#describe(file)}`);
    return {
      isPresent: room.free < this.#wanted(room),
      found: `${this.#tell(room)}; ${this.#tellStay(selected, needed)}`,
      plan:
        lines.length > MOST_PLANNED
          ? [...lines.slice(0, MOST_PLANNED), `and ${lines.length - MOST_PLANNED} more`]
          : lines,
    };
  }

  async act(context: ActContext): Promise<void> {
    const { did, signal, clock } = context;
    const root = await openRoot(this.#root);
    const { deletable } = await this.#select(root, context);
    if (this.#needed(deletable, await this.#room()).length === 0) return;
    let lookedAtMs = clock.elapsed();
    let users: ReadonlyMap<string, FileUser> = new Map();
    for (const [index, file] of deletable.entries()) {
      const room = await this.#room();
      if (room.free >= this.#wanted(room)) return;
      signal.throwIfAborted();
      if (clock.elapsed() - lookedAtMs >= STALE_MS) {
        users = this.#disk.findUsers(deletable.slice(index).map(({ path }) => path));
        lookedAtMs = clock.elapsed();
      }
      const user = users.get(file.path);
      const whyNot =
        user === undefined
          ? await deleteFile(file, root)
          : `${user.name} (${user.pid}) has come to use it`;
      did(whyNot === undefined ? `deleted ${this.#describe(file)}` : this.#left(file, whyNot));
      if (whyNot === undefined) await this.#awaitFreed(file, room, context);
    }
  }

  /** Rejects when the file freed nothing, for more would be lost in vain. */
  async #awaitFreed(file: Candidate, before: Room, { clock, signal }: ActContext): Promise<void> {
    for (let look = 1; ; look++) {
      const room = await this.#room();
      if (this.#isFreed(room.unused - before.unused, file)) return;
      if (look === LOOKS) {
        throw new Error(
          `deleting ${shown(file.path)} freed nothing: it is held open by somebody, or the disk is being filled meanwhile`,
        );
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }

  async measure(): Promise<Measurement> {
    const room = await this.#room();
    return { isGone: room.free >= this.#wanted(room), found: this.#tell(room) };
  }

  async #select(root: Root, { beganAtMs, signal }: RemedyContext): Promise<Selected> {
    const { clear, keep } = this.#clearing;
    const candidates = await findCandidates(clear, root, signal);
    const selection = selectOldest(candidates, { keep, beganAtMs }, this.#resource);
    const users = this.#disk.findUsers(selection.deletable.map(({ path }) => path));
    const deletable = selection.deletable.filter(({ path }) => !users.has(path));
    return { ...selection, deletable, inUse: users };
  }

  #needed(deletable: readonly Candidate[], room: Room): readonly Candidate[] {
    return neededOf(deletable, this.#wanted(room) - room.free, this.#resource);
  }

  #room(): Promise<Room> {
    return this.#disk.measure(this.#root, this.#resource);
  }

  #wanted({ total }: Room): number {
    const usual = Math.min(Math.ceil(total * FREE_SHARE), MOST_FREE[this.#resource]);
    return this.#clearing.free ?? usual;
  }

  /** Half of it is enough: others write meanwhile. */
  #isFreed(freed: number, { bytes }: Candidate): boolean {
    return this.#resource === "inodes" ? freed >= 1 : freed >= bytes / 2;
  }

  #tell(room: Room): string {
    return `${this.#root} has ${this.#amount(room.free)} left, ${this.#amount(this.#wanted(room))} wanted`;
  }

  #tellStay(
    { deletable, inUse, keptCount, freshCount }: Selected,
    needed: readonly Candidate[],
  ): string {
    const isTooLittle = deletable.length > 0 && needed.length === 0;
    const held = [...inUse]
      .slice(0, 3)
      .map(([path, { pid, name }]) => `${shown(path)} by ${name} (${pid})`);
    return [
      `of ${this.#clearing.clear} ${deletable.length} may go${isTooLittle ? " and are not enough" : ""}`,
      `${keptCount} stay as the newest`,
      ...(freshCount === 0 ? [] : [`${freshCount} written since the step began`]),
      ...(held.length === 0 ? [] : [`${inUse.size} in use: ${held.join(", ")}`]),
    ].join(", ");
  }

  #left(file: Candidate, whyNot: string): string {
    return `left ${this.#describe(file)}: ${whyNot}`;
  }

  #describe({ path, bytes }: Candidate): string {
    return this.#resource === "bytes" ? `${shown(path)} (${formatBytes(bytes)})` : shown(path);
  }

  #amount(amount: number): string {
    return this.#resource === "bytes" ? formatBytes(amount) : `${amount} inodes`;
  }
}

/** A name may hold line ends and worse, which would forge lines of a report. */
function shown(path: string): string {
  // oxlint-disable-next-line no-control-regex
  return path.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (sign) =>
    JSON.stringify(sign).slice(1, -1),
  );
}
