/** How a run or a command ended, for whoever started it. Part of the interface: see docs/cli.md. */
export const EXIT = Object.freeze({
  /** Healed counts as ok. */
  ok: 0,
  /** Failed, nothing to roll back. */
  failed: 1,
  /** The command line was not understood. */
  usage: 2,
  verificationFailed: 65,
  /** Another run holds the lock. */
  locked: 69,
  /** A bug in holdfast. */
  bug: 70,
  /** The journal cannot be read or written. */
  journal: 74,
  /** Gave up; worth trying later. */
  gaveUp: 75,
  /** A permission that was not declared, or a sandbox that is required and cannot be had. */
  denied: 77,
  /** Bad configuration or automation file. */
  config: 78,
  /** Failed, rolled back completely. */
  rolledBack: 80,
  /** Failed, rollback incomplete: a human is needed. */
  rollbackIncomplete: 81,
  /** Stopped in doubt: a human decides. */
  inDoubt: 82,
  /** Ended by a signal: this plus the signal's number. */
  signal: 128,
});

/** With several failed tasks the most urgent wins: these, the most urgent first. */
const URGENCY: readonly number[] = [
  EXIT.rollbackIncomplete,
  EXIT.inDoubt,
  EXIT.verificationFailed,
  EXIT.denied,
  EXIT.gaveUp,
  EXIT.rolledBack,
  EXIT.failed,
];

/** The exit code of a run from those of its failed tasks; ok when there is none. */
export function mostUrgent(codes: readonly number[]): number {
  return URGENCY.find((code) => codes.includes(code)) ?? codes[0] ?? EXIT.ok;
}
