/** All commands, by their names; each is loaded when it is asked for. */

import type { Command } from "./command.ts";

/** See the header. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).run,
  exec: async () => (await import("./exec.ts")).exec,
  runs: async () => (await import("./runs.ts")).runs,
  approve: async () => (await import("./approve.ts")).approve,
  signal: async () => (await import("./signal.ts")).signal,
  serve: async () => (await import("./serve.ts")).serve,
  schedule: async () => (await import("./schedule.ts")).schedule,
  show: async () => (await import("./show.ts")).show,
  prune: async () => (await import("./prune.ts")).prune,
  backup: async () => (await import("./backup.ts")).backup,
  doctor: async () => (await import("./doctor.ts")).doctor,
  logs: async () => (await import("./logs.ts")).logs,
  explain: async () => (await import("./explain.ts")).explain,
  resume: async () => (await import("./resume.ts")).resume,
  rollback: async () => (await import("./rollback.ts")).rollback,
  retry: async () => (await import("./retry.ts")).retry,
  cancel: async () => (await import("./cancel.ts")).cancel,
  lint: async () => (await import("./lint.ts")).lint,
  rehearse: async () => (await import("./rehearse.ts")).rehearse,
  completion: async () => (await import("./completion.ts")).completion(COMMANDS),
};
