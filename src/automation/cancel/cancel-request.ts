/** The wish that a run ends, as it stands among the journal's shared values. Pure. */

import { JournalError, RunCancelledError } from "../../core/errors.ts";
import type { SharedValue } from "../../core/shared-state.ts";

/** Who wants a run to end, since when, and why. */
export interface CancelRequest {
  /** In words: `ann on web-1`. */
  readonly by: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly reason?: string | undefined;
}

/** Where the request stands. It stays after the end of the run, and goes when the run is pruned. */
export function cancelKey(runId: string): string {
  return `run/${runId}/cancel`;
}

/** @throws {JournalError} When the value is damaged. */
export function readCancelRequest(found: SharedValue | undefined): CancelRequest | undefined {
  if (found === undefined) return undefined;
  try {
    return JSON.parse(found.value) as CancelRequest;
  } catch (error) {
    throw new JournalError(`The journal is damaged: "${found.key}" cannot be read`, {
      cause: error,
    });
  }
}

/** What a run is ended with for `request`. */
export function cancelledBy(runId: string, { by, reason }: CancelRequest): RunCancelledError {
  return new RunCancelledError(runId, by, reason);
}

/** Whether a task failed because the run was cancelled; also of an error out of the journal. */
export function isCancellation(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "RUN_CANCELLED";
}
