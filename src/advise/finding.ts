/** What the doctor says. */

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** `problem`: runs fail, or are not safe, until it is mended. `warning`: they may. */
  readonly state: "ok" | "warning" | "problem";
  /** What was found, without a full stop. */
  readonly says: string;
  /** What to do about it: a command, where there is one. */
  readonly todo?: string | undefined;
}

/** Nothing to do. */
export function ok(check: string, says: string): Finding {
  return { check, state: "ok", says };
}

/** Runs may fail, or wait for somebody. */
export function warning(check: string, says: string, todo: string): Finding {
  return { check, state: "warning", says, todo };
}

/** Runs fail, or are not safe. */
export function problem(check: string, says: string, todo: string): Finding {
  return { check, state: "problem", says, todo };
}
