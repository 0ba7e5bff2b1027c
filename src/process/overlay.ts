/**
 * Directories in which a command may write without changing them: what it writes goes to a layer above
 * (overlayfs, in a mount namespace of its own), and all else of the machine can only be read. What it
 * changed is shown, and can be put in place.
 */

import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OptionsError } from "../core/errors.ts";
import { isWithin } from "../core/permissions.ts";
import { bubblewrapWords } from "./bubblewrap.ts";
import { commitLayers } from "./overlay-commit.ts";
import { changesIn, type FileChange, type Layer } from "./overlay-changes.ts";

/** What is laid over. */
export interface OverlayOptions {
  /** Absolute paths of directories that are there. */
  readonly directories: readonly string[];
  /** Where the layers lie until it is removed. Default: the system's temporary directory. */
  readonly spoolIn?: string | undefined;
}

/** How a command is started over it. */
export interface OverlayStart {
  /** Absolute. */
  readonly cwd: string;
  /** Whether it has a network: what it sends is not taken back. Default false. */
  readonly hasNet?: boolean | undefined;
}

/** See the header. */
export interface Overlay {
  /** The command line that runs `argv` over it; it ends with the exit code of `argv`. */
  wrap(argv: readonly string[], start: OverlayStart): readonly string[];
  /** What was changed, by path. Only once the command has ended. */
  changes(): Promise<readonly FileChange[]>;
  /**
   * Puts the changes in place: everything is first copied beside its place, and then renamed; the
   * renames are not one step. Rejects before the first rename when something cannot be copied, or was
   * changed by others meanwhile: then nothing is changed. Killed among the renames,
   * `finishCommit(spool)` does the rest; killed before, `removeStages(spool)` removes what was copied.
   * What others changed in the last moment is kept beside its place: answers where.
   */
  commit(): Promise<readonly string[]>;
  /** Removes the layers. */
  remove(): Promise<void>;
  /** The directory of the layers. */
  readonly spool: string;
}

/** Makes one. Rejects with `OptionsError` for a directory that cannot be laid over. */
export async function openOverlay({ directories, spoolIn }: OverlayOptions): Promise<Overlay> {
  const spool = await mkdtemp(join(await realpath(spoolIn ?? tmpdir()), "holdfast-overlay-"));
  try {
    const lowers = await Promise.all(directories.map((path) => lowerOf(path, spool)));
    const layers = lowers.map((lower, index): Layer => ({ lower, home: join(spool, `${index}`) }));
    for (const { home } of layers) {
      for (const part of ["upper", "work", "merged"]) {
        await mkdir(join(home, part), { recursive: true });
      }
    }
    // Whatever has changed after this was changed by others.
    await writeFile(join(spool, "opened"), "");
    return overlayOf(spool, layers);
  } catch (error) {
    await rm(spool, { recursive: true, force: true });
    throw error;
  }
}

function overlayOf(spool: string, layers: readonly Layer[]): Overlay {
  const changes = async () => (await Promise.all(layers.map(changesIn))).flat();
  return {
    spool,
    wrap: (argv, start) => overlayWords(spool, layers, { ...start, argv }),
    changes,
    commit: async () => commitLayers(spool, layers, await changes()),
    async remove() {
      // The kernel leaves a directory in it that its owner may not even list.
      for (const { home } of layers) await chmod(join(home, "work/work"), 0o700).catch(() => {});
      await rm(spool, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function lowerOf(path: string, spool: string): Promise<string> {
  const lower = await realpath(path).catch((error: Error) => refuse(path, error.message));
  if (!(await stat(lower)).isDirectory()) return refuse(path, "is not a directory");
  // They would end the option of mount that they stand in.
  if (/[,:\\"]/.test(lower))
    return refuse(path, "has a comma, a colon, a quote or a backslash in it");
  if (isWithin(spool, [lower])) return refuse(path, `holds the directory of the layers, ${spool}`);
  return lower;
}

function refuse(path: string, problem: string): never {
  throw new OptionsError("overlay.directories", `${path} cannot be laid over: ${problem}`);
}

/**
 * Mounts each layer, runs the command, and lists what each directory that was touched holds in the end:
 * by that alone what was deleted is known, whatever marks the kernel left.
 */
const SCRIPT = `
spool=$1; options=$2; count=0; shift 2
while [ "$1" != -- ]; do
  home=$spool/$count
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$home/upper,workdir=$home/work,$options" "$home/merged" || exit 125
  count=$((count + 1)); shift
done
shift
"$@"
code=$?
while [ "$count" -gt 0 ]; do
  count=$((count - 1)); home=$spool/$count
  (cd "$home/upper" && find . -type d -print0) | (cd "$home/merged" &&
    xargs -0 -r sh -c 'exec find "$@" -mindepth 1 -maxdepth 1 -print0' sh) > "$home/entries" || exit 125
done
exit "$code"`;

/**
 * So that a layer holds whole files, and nothing that only this kernel could put together. In a user
 * namespace `userxattr` says the same, and refuses these beside it.
 */
const MOUNT_OPTIONS = "redirect_dir=off,metacopy=off,index=off";

function overlayWords(
  spool: string,
  layers: readonly Layer[],
  { argv, cwd, hasNet = false }: OverlayStart & { readonly argv: readonly string[] },
): string[] {
  const isRoot = process.getuid?.() === 0;
  const over = layers.map(({ lower, home }) => ({ source: join(home, "merged"), at: lower }));
  const inner = bubblewrapWords({ write: [], over, hasNet }, { cwd, ownSession: false, isRoot });
  return [
    "unshare",
    ...(isRoot ? ["--mount"] : ["--user", "--map-root-user", "--mount"]),
    // After the change of user, which would take it away.
    "setpriv",
    "--pdeathsig",
    "KILL",
    "--",
    "sh",
    "-c",
    SCRIPT,
    "sh",
    spool,
    isRoot ? MOUNT_OPTIONS : "userxattr",
    ...layers.map(({ lower }) => lower),
    "--",
    ...inner,
    ...argv,
  ];
}

/**
 * Why there are no overlays here; empty when there are. It is tried out, in a directory of its own.
 *
 * @param spoolIn As in `openOverlay`: not every file system can hold layers.
 */
export async function whyNoOverlay(spoolIn: string = tmpdir()): Promise<string> {
  const place = await mkdtemp(join(spoolIn, "holdfast-trial-"));
  try {
    const overlay = await openOverlay({ directories: [place], spoolIn });
    const { failure, stderr } = await trial(overlay.wrap(["tar", "--version"], { cwd: "/" }));
    await overlay.remove();
    return failure === "" ? "" : `${failure}${stderr === "" ? "" : `: ${stderr}`}`;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What takes longer than this to do nothing does not work here. */
const TRIAL_LIMIT_MS = 20_000;

function trial([program = "", ...words]: readonly string[]) {
  return new Promise<{ readonly failure: string; readonly stderr: string }>((resolve) => {
    const child = spawn(program, words, {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: TRIAL_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", (error) => resolve({ failure: error.message, stderr: "" }));
    child.once("close", (code) =>
      resolve({
        failure: code === 0 ? "" : "directories cannot be laid over here",
        stderr: stderr.trim().split("\n")[0] ?? "",
      }),
    );
  });
}
