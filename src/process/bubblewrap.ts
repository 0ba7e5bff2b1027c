/**
 * The command line of bubblewrap: what a program sees of the machine, and whether it has a network.
 *
 * A part that is not limited is there as it is. Where reading is limited, only what programs need to
 * start is there beside what is named. Pure: whoever calls it has resolved links and looked what exists.
 */

/** What a command is kept to; `undefined` is no limit. Paths are absolute, without links, and there. */
export interface Limits {
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
  /** The files of the programs that may be run, by the path under which they are called. */
  readonly run?: readonly Bound[] | undefined;
  /** What is seen at a place that is elsewhere, and may be written. Default: nothing. */
  readonly over?: readonly Bound[] | undefined;
  /** Links by which one of the paths was named, and where they lead. Default: none. */
  readonly links?: readonly Bound[] | undefined;
  /** Whether it has a network; which hosts cannot be told apart from outside. */
  readonly hasNet: boolean;
}

/** What is seen at another place than where it lies. */
export interface Bound {
  readonly source: string;
  readonly at: string;
}

/** How it is started. */
export interface Start {
  readonly cwd: string;
  /** Whether it is cut off from the terminal; then no Ctrl-C reaches it from there. */
  readonly ownSession: boolean;
  /** Whether this is the superuser, whose rights bubblewrap would leave as they are. */
  readonly isRoot: boolean;
}

/** What programs need to start: libraries, the names of users and hosts, certificates, the time zone. */
export const SYSTEM: readonly string[] = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
];
const SYSTEM_ETC =
  "alternatives ca-certificates ca-certificates.conf group gai.conf host.conf hosts ld.so.cache ld.so.conf ld.so.conf.d locale.alias locale.conf localtime mime.types nsswitch.conf passwd pki profile protocols resolv.conf services ssl timezone"
    .split(" ")
    .map((name) => `/etc/${name}`);

/** What is seen though nobody has named it. */
export const ALWAYS_SEEN: readonly string[] = [...SYSTEM, ...SYSTEM_ETC, "/dev", "/proc"];

/** Where programs lie that are hidden when only some may be run. */
const PROGRAM_DIRECTORIES = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/**
 * What the superuser keeps: to own, read and write files that are there to be seen, to be another
 * user, and to listen on low ports. Not to mount, to trace or to make devices, which lead out.
 */
export const KEPT_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETGID",
  "CAP_SETUID",
];

/** The words before `argv`, bubblewrap's name first. */
export function bubblewrapWords(limits: Limits, { cwd, ownSession, isRoot }: Start): string[] {
  return [
    "bwrap",
    "--die-with-parent",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    ...(limits.hasNet ? [] : ["--unshare-net"]),
    ...(ownSession ? ["--new-session"] : []),
    ...(isRoot ? capabilities() : []),
    ...files(limits),
    ...(limits.over ?? []).flatMap(({ source, at }) => ["--bind", source, at]),
    ...programs(limits),
    // It may lie in nothing that is seen, and is an empty directory then. What lies outside of all that
    // is seen cannot be written either: else it would be lost without a word.
    ...(limits.read === undefined ? [] : ["--dir", cwd, "--remount-ro", "/"]),
    "--chdir",
    cwd,
    "--",
  ];
}

function capabilities(): string[] {
  return ["--cap-drop", "ALL", ...KEPT_CAPABILITIES.flatMap((name) => ["--cap-add", name])];
}

/**
 * Settings of the kernel are files of the superuser, who could lead out by `core_pattern`; bubblewrap
 * itself covers them only where the directory says that it can be written.
 */
const ISOLATED = ["--dev", "/dev", "--proc", "/proc", "--ro-bind-try", "/proc/sys", "/proc/sys"];

/** Nothing but what is named can be written, `/tmp` neither; `/dev/shm` is gone with the command. */
const TEMPORARY = ["--setenv", "TMPDIR", "/dev/shm"];

function files({ read, write, links = [] }: Limits): string[] {
  if (read === undefined && write === undefined) return ["--bind", "/", "/", ...ISOLATED];
  const written = byDepth(write ?? []).flatMap((path) => ["--bind", path, path]);
  if (read === undefined) return ["--ro-bind", "/", "/", ...ISOLATED, ...TEMPORARY, ...written];
  const shown = [...SYSTEM, ...SYSTEM_ETC].flatMap((path) => ["--ro-bind-try", path, path]);
  const readable = byDepth(read).flatMap((path) => ["--ro-bind", path, path]);
  const named = links.flatMap(({ source, at }) => ["--symlink", source, at]);
  return [...shown, ...ISOLATED, ...TEMPORARY, ...readable, ...written, ...named];
}

/** An outer directory would cover what was mounted in it before. */
function byDepth(paths: readonly string[]): string[] {
  return paths.toSorted((a, b) => a.split("/").length - b.split("/").length);
}

/**
 * Empty directories in place of those of the programs, and the named ones back in them. Where reading
 * is limited, `/bin` is a directory of its own, also where it is a link to `/usr/bin` outside.
 */
function programs({ run, read }: Limits): string[] {
  if (run === undefined) return [];
  const directories = [...PROGRAM_DIRECTORIES, ...(read === undefined ? [] : ["/bin", "/sbin"])];
  const shown = run.flatMap(({ source, at }) => {
    const name = at.slice(at.lastIndexOf("/") + 1);
    const places = read === undefined ? [at] : [at, `/bin/${name}`, `/usr/bin/${name}`];
    return [...new Set(places)].flatMap((place) => ["--ro-bind", source, place]);
  });
  return [...directories.flatMap((path) => ["--tmpfs", path]), ...shown];
}

/** What bubblewrap says when it could not start what it was to start. */
export interface BubblewrapFailure {
  readonly cause: "no user namespaces" | "no such program" | "program cannot be run" | "other";
  /** Its own line. */
  readonly line: string;
}

/** Where the kernel or a policy refuses a namespace. The first says ENOSPC, and no disk is full. */
const NO_NAMESPACES =
  /Creating new namespace failed|setting up uid map|No permissions to create (a )?new namespace|Failed RTM_NEWADDR|Can't mount proc|Failed to make \/ slave/;

/**
 * What bubblewrap itself failed by, from what was written to the standard error; it ends with 1 then.
 * A full disk is none of these: the words `No space left on device` are not looked at.
 */
export function findBubblewrapFailure(stderr: string): BubblewrapFailure | undefined {
  const line = stderr.split("\n").find((text) => text.startsWith("bwrap: "));
  if (line === undefined) return undefined;
  if (NO_NAMESPACES.test(line)) return { cause: "no user namespaces", line };
  if (/^bwrap: execvp .*: No such file or directory$/.test(line)) {
    return { cause: "no such program", line };
  }
  if (line.startsWith("bwrap: execvp ")) return { cause: "program cannot be run", line };
  return { cause: "other", line };
}
