/** How processes end, and what their small helpers say. */

import { causes, type Causes } from "../cause.ts";

/** See the header. */
export const PROCESS_CAUSES: Causes = causes({
  "EXIT_124 TIMED_OUT": [
    "a time limit ended it (timeout(1), or ours)",
    "find out whether it happened before it is done again; then give it more time, or look at what it waited for",
  ],
  EXIT_126: [
    "the command was found and cannot be executed: no x bit, a noexec mount, or no interpreter",
    "ls -l, mount, and the first line of the file",
  ],
  EXIT_127: [
    "the command was not found; also a missing interpreter in its first line",
    "check its name and PATH: cron's is short",
  ],
  SIGKILL: [
    "somebody killed it (an operator, a watchdog, timeout -k, the end of a container); the kernel's counter of memory kills did not rise",
    "find out whether it happened, then try once more",
  ],
  "SIGTERM SIGHUP": [
    "it was asked to end: a shutdown, a deployment, a closed session",
    "nothing now; it is resumed or undone when things are calm",
  ],
  "SIGINT SIGQUIT": ["a human stopped it", "nothing: somebody said no"],
  "SIGSEGV SIGABRT SIGILL SIGBUS SIGFPE SIGTRAP SIGSYS": [
    "the program crashed: a bug in it or in a library, a wrong processor, broken memory",
    "keep its core and log (coredumpctl), report it; try at most once more",
  ],
  SIGPIPE: [
    "who read its output stopped reading, as head does",
    "fine when the reader ended well; under pipefail, accept 141 there",
  ],
  ABORTED: ["its caller cancelled it", "nothing: somebody said no"],
  UNIT_INACTIVE: [
    "the unit does not run: stopped, or failed",
    "systemctl status UNIT; restart it once, systemctl reset-failed UNIT",
    "service",
  ],
  UNIT_NOT_FOUND: ["systemd knows no such unit", "correct the name, or install what brings it"],
  NO_SYSTEMD: [
    "systemd does not run here, as in a container",
    "start the service by its own command; or reach the host's systemd",
  ],
  PROGRAM_BUG: [
    "the program or script itself is wrong, or met data of a shape that it does not know",
    "mend it: the line says where; the same input fails the same way again",
  ],
  USAGE: [
    "the tool does not understand how it was called",
    "correct the command line; --help says how",
  ],
});
