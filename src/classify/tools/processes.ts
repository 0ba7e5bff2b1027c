/**
 * How processes end that are not asked what they are: by a signal, by a limit, or never begun.
 *
 * Sources: signal(7), the exit codes of POSIX (2.8.2), timeout(1), flock(1), and failures provoked on
 * Debian 12. A signal counts as 128 and its number, for that is what a shell makes of it.
 */

import { row, type ToolRow } from "../tool-row.ts";

/** The numbers of signals on Linux, as far as they end a process. */
export const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGSYS: 31,
};

/** Ends that mean the same for every program; these have no `tools`. */
export const ANY_PROGRAM: readonly ToolRow[] = [
  row(63, [], { exit: [124] }, ["EXIT_124", "timeout", "unknown"]),
  row(65, [], { exit: [126] }, ["EXIT_126", "fatal", "none"]),
  row(64, [], { exit: [127] }, ["EXIT_127", "fatal", "none"]),
  // Somebody wanted it to end, as with an AbortError: another attempt would go against it.
  row(58, [], { exit: [143] }, ["SIGTERM", "fatal", "unknown"]),
  row(58, [], { exit: [129] }, ["SIGHUP", "fatal", "unknown"]),
  row(59, [], { exit: [130] }, ["SIGINT", "fatal", "unknown"]),
  row(59, [], { exit: [131] }, ["SIGQUIT", "fatal", "unknown"]),
  row(57, [], { exit: [137] }, ["SIGKILL", "transient", "unknown"]),
  row(60, [], { exit: [139] }, ["SIGSEGV", "fatal", "unknown"]),
  row(60, [], { exit: [134] }, ["SIGABRT", "fatal", "unknown"]),
  row(60, [], { exit: [132] }, ["SIGILL", "fatal", "unknown"]),
  row(60, [], { exit: [133] }, ["SIGTRAP", "fatal", "unknown"]),
  row(60, [], { exit: [135] }, ["SIGBUS", "fatal", "unknown"]),
  row(60, [], { exit: [136] }, ["SIGFPE", "fatal", "unknown"]),
  row(60, [], { exit: [159] }, ["SIGSYS", "fatal", "unknown"]),
  row(61, [], { exit: [141] }, ["SIGPIPE", "unknown", "partial"]),
  row(62, [], { exit: [152] }, ["SIGXCPU", "fatal", "partial"]),
  row(62, [], { exit: [153] }, ["SIGXFSZ", "fatal", "partial"]),
];

/** What the kernel's counter makes of 137. */
export const OUT_OF_MEMORY = row(54, [], { exit: [137] }, ["OUT_OF_MEMORY", "degraded", "unknown"]);

/** What getopt says, the tools of GNU, and who prints how to be called. */
export const CALLED_WRONGLY = row(
  116,
  [],
  {
    says: /^usage: |: (?:unrecognized|invalid|unknown) option|: missing [\w ]{0,40}operand|^Try [`'][^`']+ --help' for/,
  },
  ["USAGE", "fatal", "none"],
);

const PROGRAM_BUG = ["PROGRAM_BUG", "fatal", "unknown"] as const;

/** Without one of these flock waits for the lock as long as it takes. */
const MAY_NOT_WAIT =
  /\bflock (?:-\S{1,40} (?:[\d.]{1,9} )?){0,5}(?:-[a-zA-Z]{0,9}[nw]|--(?:nb|nonblock|wait|timeout))/;

const SHELLS = ["sh", "dash", "bash", "zsh", "ksh", "ash"];

/** Shells, interpreters and the small programs that watch over others. */
export const PROCESSES: readonly ToolRow[] = [
  row(7, SHELLS, { says: /: I\/O error$/, ifFull: true }, ["ENOSPC", "degraded", "partial"]),
  row(7, SHELLS, { says: /: I\/O error$/ }, ["EIO", "fatal", "unknown"]),
  row(
    119,
    SHELLS,
    { says: /: [Ss]yntax error[: ]|: unbound variable$|: parameter not set$/ },
    PROGRAM_BUG,
  ),
  row(119, SHELLS, { says: /: [Bb]ad substitution$|: parameter null or not set$/ }, PROGRAM_BUG),
  // As dash says it, in words of its own.
  row(
    68,
    SHELLS,
    { says: /: cannot (?:open|create) .*: (?:No such file|Directory nonexistent)$/ },
    ["ENOENT", "fatal", "unknown"],
  ),
  row(53, SHELLS, { says: /: Cannot fork$|: fork: .*Resource temporarily unavailable/ }, [
    "EAGAIN",
    "degraded",
    // The script may have done much before.
    "unknown",
  ]),
  row(53, ["node"], { exit: [134], says: /uv_thread_create/ }, ["EAGAIN", "degraded", "none"]),
  row(55, ["node"], { exit: [134, 133], says: /JavaScript heap out of memory/ }, [
    "HEAP_OUT_OF_MEMORY",
    "degraded",
    "unknown",
  ]),
  row(
    119,
    ["node", "python", "python3"],
    {
      says: /^(?:Uncaught )?(?:Assertion|Attribute|Import|Indentation|Index|Key|ModuleNotFound|Name|NotImplemented|Range|Recursion|Reference|Syntax|Tab|Type|UnboundLocal|URI|Value|ZeroDivision)Error(?: \[\w+\])?(?:$|:(?! fetch failed| terminated))/,
    },
    PROGRAM_BUG,
  ),
  row(119, ["node"], { says: /^Error: Cannot find module / }, PROGRAM_BUG),
  row(56, ["python", "python3"], { says: /^MemoryError/ }, ["ENOMEM", "degraded", "partial"]),
  // As `flock -E 75` says it; its usual 1 may be that of the command as well.
  row(19, ["flock"], { exit: [75] }, ["LOCK_TAKEN", "transient", "none"]),
  row(19, ["flock"], { exit: [1], isSilent: true, ifCalled: MAY_NOT_WAIT }, [
    "LOCK_TAKEN",
    "transient",
    "unknown",
  ]),
  row(13, ["unshare"], { says: /unshare failed: No space left on device/ }, [
    "NAMESPACE_LIMIT",
    "fatal",
    "none",
  ]),
  row(13, ["bwrap"], { says: /max_\S+_namespaces exceeded|: No space left on device/ }, [
    "NAMESPACE_LIMIT",
    "fatal",
    "none",
  ]),
  row(17, ["umount"], { exit: [32], says: /target is busy/ }, ["EBUSY", "transient", "none"]),
  row(
    96,
    ["systemctl"],
    { says: /System has not been booted with systemd|Failed to connect to bus/ },
    ["NO_SYSTEMD", "fatal", "none"],
  ),
  row(96, ["systemctl"], { exit: [4] }, ["UNIT_NOT_FOUND", "fatal", "none"]),
  row(96, ["systemctl"], { says: /Unit \S+ (not found|could not be found)/ }, [
    "UNIT_NOT_FOUND",
    "fatal",
    "none",
  ]),
  row(96, ["systemctl"], { exit: [3] }, ["UNIT_INACTIVE", "degraded", "none"]),
  row(
    67,
    ["sudo"],
    { says: /a (password|terminal) is required|not in the sudoers|not allowed to/ },
    ["EACCES", "fatal", "none"],
  ),
];
