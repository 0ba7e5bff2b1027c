/** All commands, by their names, with what the overview says of them; each is loaded when it is asked for. */

import type { Listing } from "./command.ts";
import { EXEC } from "./exec-listing.ts";

/** See the header. */
export const COMMANDS: Readonly<Record<string, Listing>> = {
  run: {
    summary: "Run an automation, or resume it where it was cut off",
    load: async () => (await import("./run.ts")).run,
  },
  exec: EXEC,
  runs: {
    summary: "List runs, the newest first",
    load: async () => (await import("./runs.ts")).runs,
  },
  approve: {
    summary: "Approve, or reject, what a run waits for",
    load: async () => (await import("./approve.ts")).approve,
  },
  signal: {
    summary: "Send a value to a run that waits for a signal",
    load: async () => (await import("./signal.ts")).signal,
  },
  serve: {
    summary: "Run automations by their schedules",
    load: async () => (await import("./serve.ts")).serve,
  },
  schedule: {
    summary: "List schedules: next runs, last result, missed ticks",
    load: async () => (await import("./schedule.ts")).schedule,
  },
  show: {
    summary: "Tell what a run did: steps, attempts, faults, undos",
    load: async () => (await import("./show.ts")).show,
  },
  prune: {
    summary: "Delete old finished runs and their logs, and give the space back",
    load: async () => (await import("./prune.ts")).prune,
  },
  backup: {
    summary: "Copy the journal to a file, while runs go on",
    load: async () => (await import("./backup.ts")).backup,
  },
  doctor: {
    summary: "Check the journal, its disk and its runs, and say what to do",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  logs: {
    summary: "Tell what a run said, and follow what it says",
    load: async () => (await import("./logs.ts")).logs,
  },
  explain: {
    summary: "Say what a failure means, what holdfast does about it, and what helps",
    load: async () => (await import("./explain.ts")).explain,
  },
  resume: {
    summary: "Go on with a run that was cut off, interrupted or in doubt",
    load: async () => (await import("./resume.ts")).resume,
  },
  rollback: {
    summary: "Take back what a run did that did not succeed",
    load: async () => (await import("./rollback.ts")).rollback,
  },
  retry: {
    summary: "Do a run again that failed, from a step on, as a new run",
    load: async () => (await import("./retry.ts")).retry,
  },
  cancel: {
    summary: "End a run, in whatever process it is, and take back what it did",
    load: async () => (await import("./cancel.ts")).cancel,
  },
  lint: {
    summary: "Tell what exits 0 although it failed, in scripts, crontabs and automations",
    load: async () => (await import("./lint.ts")).lint,
  },
  learn: {
    summary: "Run an automation once, and propose the permissions that it needs",
    load: async () => (await import("./learn.ts")).learn,
  },
  rehearse: {
    summary: "Run an automation once for every step and fault, and report what is left",
    load: async () => (await import("./rehearse.ts")).rehearse,
  },
  completion: {
    summary: "Print a completion script for a shell",
    load: async () => (await import("./completion.ts")).completion(COMMANDS),
  },
};
