/**
 * Ends the commands that run when this process is gone, however it went: also by SIGKILL, when no code
 * of its own runs any more.
 *
 * A shell holds the other end of a pipe. It is told of every command that begins and ends; when the
 * pipe is closed while some still run, it ends them. The kernel closes pipes of the dead. One shell
 * serves all commands of the process, and does not keep it alive.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { limitOf } from "./limit-mark.ts";
import { OWN_PROGRAM } from "./own-program.ts";

/** A command under guard. */
export interface Guard {
  /** Tells who it is, once that is known; its group, where one was made for it. */
  readonly names: (pid: number, ownsGroup: boolean) => void;
  readonly release: () => void;
}

/**
 * Without names of signals that only some shells know, and with grep's `-s` for processes that end
 * while they are looked at. The mark is read from /proc, and the limit that stands for it; where there is
 * none, the group must do. Who multiplies is held still before all are killed.
 */
const SCRIPT = `
trap '' HUP INT TERM
running=
while read -r word command; do
  case $word in
    begun) running="$running $command" ;;
    ended)
      rest=
      for each in $running; do [ "$each" = "$command" ] || rest="$rest $each"; done
      running=$rest ;;
  esac
done
[ -n "$running" ] || exit 0
tell() {
  for each in $running; do
    signs=\${each#*/}
    [ "$each" = "/$signs" ] || kill -s "$1" -- "\${each%%/*}" 2>/dev/null
    for file in $(
      grep -lsF -- "\${signs%/*}" /proc/[0-9]*/environ 2>/dev/null
      grep -ls -- "^Max file locks  *\${signs#*/} " /proc/[0-9]*/limits 2>/dev/null
    ); do
      file=\${file#/proc/}
      kill -s "$1" "\${file%/*}" 2>/dev/null
    done
  done
}
tell TERM
tell CONT
sleep 2
for look in 1 2 3; do tell STOP; done
tell KILL
tell KILL
`;

let watchdog: ChildProcess | undefined;

/** What is under guard: should the shell be killed, the next one is told of it too. */
const running = new Set<string>();

/**
 * Guards a command from before its start: it may run before we hear of it, and we may be killed then.
 * Until its process is named it is told by its mark. Where there is no POSIX shell, nothing guards.
 */
export function guard(mark: string): Guard {
  const signs = `${mark}/${limitOf(mark)}`;
  const entries: string[] = [];
  const tell = (entry: string): void => {
    watchdog ??= startWatchdog();
    entries.push(entry);
    running.add(entry);
    watchdog.stdin?.write(`begun ${entry}\n`);
  };
  tell(`/${signs}`);
  return {
    names: (pid, ownsGroup) => tell(`${ownsGroup ? -pid : pid}/${signs}`),
    release: () => {
      for (const entry of entries) {
        running.delete(entry);
        watchdog?.stdin?.write(`ended ${entry}\n`);
      }
    },
  };
}

function startWatchdog(): ChildProcess {
  // A session of its own: Ctrl-C in the terminal is not for it.
  const started = spawn("/bin/sh", ["-c", SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
    ...OWN_PROGRAM,
  });
  const forget = (): void => {
    if (watchdog === started) watchdog = undefined;
  };
  started.once("error", forget).once("exit", (_code, signal) => {
    forget();
    // It was killed. One that cannot be started at all is not tried again and again.
    if (signal !== null && running.size > 0) watchdog ??= startWatchdog();
  });
  started.stdin?.on("error", forget);
  for (const command of running) started.stdin?.write(`begun ${command}\n`);
  started.unref();
  (started.stdin as { unref?: () => void } | null)?.unref?.();
  return started;
}
