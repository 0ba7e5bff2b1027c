/** `run.signal` and `run.approval`: waits for what somebody outside says. */

import { ApprovalRejectedError, InputError, TimeoutError } from "../../core/errors.ts";
import { duration, oneOf, readOptions, text, type Reader } from "../../core/options.ts";
import type { Duration } from "../../core/duration.ts";
import { schemaProblems, type StandardSchema } from "../../core/standard-schema.ts";
import { readSignal, signalKey, type ReceivedSignal } from "./signals.ts";
import { readSchema } from "../verify.ts";
import type { WaitPlan } from "./wait.ts";
import type { World } from "../world.ts";

/** How often is looked whether a signal was sent, in milliseconds. */
export const SIGNAL_POLL_MS = 1_000;

const DEFAULT_TIMEOUT_MS = 24 * 3_600_000;

/** How a signal is waited for. */
export interface SignalOptions<Value> {
  /** How long at most. Default 24 hours; `Infinity` waits for ever. */
  readonly timeout?: Duration | undefined;
  /** Checks what was sent, and makes the value. Default: any value. */
  readonly schema?: StandardSchema<Value> | undefined;
}

/** How an approval is waited for. */
export interface ApprovalOptions {
  /** What is asked, for whoever decides. Journaled, so no secrets. */
  readonly question?: string | undefined;
  /** How long at most. Default 24 hours; `Infinity` waits for ever. */
  readonly timeout?: Duration | undefined;
  /** What no answer in time is: a failure (`TimeoutError`), or a rejection. Default `"fail"`. */
  readonly onTimeout?: "fail" | "reject" | undefined;
  /**
   * Whether a rejection fails the task (`ApprovalRejectedError`), or is an answer with `approved:
   * false`. Default `"fail"`: who forgets to look must not deploy.
   */
  readonly onReject?: "fail" | "answer" | undefined;
}

/** What was decided. */
export interface Approval {
  readonly approved: boolean;
  /** Who decided it; empty when nobody did in time. */
  readonly by: string;
  /** Empty when nothing was said. */
  readonly comment: string;
}

/** An approval that fails its task when it is rejected answers only when it is granted. */
export type ApprovalBy<Options extends ApprovalOptions> = "onReject" extends keyof Options
  ? Options["onReject"] extends "fail" | undefined
    ? Granted
    : Approval
  : Granted;

type Granted = Approval & { readonly approved: true };

const TIMEOUT = duration({ default: DEFAULT_TIMEOUT_MS, orInfinity: true });

const SIGNAL_READERS = {
  timeout: TIMEOUT,
  schema: readSchema,
} satisfies Record<keyof SignalOptions<unknown>, Reader<unknown>>;

const APPROVAL_READERS = {
  question: text({ default: undefined }),
  timeout: TIMEOUT,
  onTimeout: oneOf(["fail", "reject"], { default: "fail" }),
  onReject: oneOf(["fail", "answer"], { default: "fail" }),
} satisfies Record<keyof ApprovalOptions, Reader<unknown>>;

/** Where a wait for a signal stands. */
interface Place {
  readonly world: World;
  readonly name: string;
  /** As people name it, and as it is sent. */
  readonly label: string;
}

/** @throws {OptionsError} When an option is unknown or out of range. */
export function signalPlan(place: Place, options: SignalOptions<unknown>): WaitPlan {
  const { name, label } = place;
  const { timeout, schema } = readOptions(`signal "${name}"`, options, SIGNAL_READERS);
  return {
    kind: "signal",
    note: (nowMs) => ({ waitsFor: "signal", untilMs: untilOf(nowMs, timeout) }),
    async wait(given) {
      const sent = await receive(place, given);
      if (sent === undefined) throw new TimeoutError(`The wait for signal "${label}"`, timeout);
      return schema === undefined ? sent.value : checked(schema, sent.value, label);
    },
  };
}

/** @throws {OptionsError} When an option is unknown or out of range. */
export function approvalPlan(place: Place, options: ApprovalOptions): WaitPlan {
  const { name, label } = place;
  const settled = readOptions(`approval "${name}"`, options, APPROVAL_READERS);
  const { question, timeout, onTimeout, onReject } = settled;
  return {
    kind: "signal",
    note: (nowMs) => ({ waitsFor: "approval", untilMs: untilOf(nowMs, timeout), question }),
    async wait(given) {
      const sent = await receive(place, given);
      if (sent === undefined && onTimeout === "fail") {
        throw new TimeoutError(`The wait for approval "${label}"`, timeout);
      }
      const approval = sent === undefined ? NOBODY : approvalOf(sent, label);
      if (approval.approved || onReject === "answer") return approval;
      throw new ApprovalRejectedError(label, reasonOf(approval));
    },
  };
}

const NOBODY: Approval = { approved: false, by: "", comment: "nobody answered in time" };

function reasonOf({ by, comment }: Approval): string {
  const who = by === "" ? "" : `by ${by}`;
  return [who, comment].filter((part) => part !== "").join(": ");
}

/** JSON has no infinity; no moment is later than this. */
function untilOf(nowMs: number, timeoutMs: number): number {
  return Math.min(nowMs + timeoutMs, Number.MAX_SAFE_INTEGER);
}

/** The signal, sent before or while it is waited for; `undefined` when the time is up without one. */
async function receive(
  { world: { book, clock }, label }: Place,
  { restMs, signal }: { readonly restMs: number; readonly signal: AbortSignal },
): Promise<ReceivedSignal | undefined> {
  const endMs = clock.elapsed() + restMs;
  for (;;) {
    const sent = await book.readState(signalKey(book.run.id, label));
    if (sent !== undefined) return readSignal(sent);
    const leftMs = endMs - clock.elapsed();
    if (leftMs <= 0) return undefined;
    await clock.sleep(Math.min(SIGNAL_POLL_MS, leftMs), signal);
  }
}

async function checked(schema: StandardSchema, value: unknown, label: string): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new InputError(
    `What was sent as signal "${label}" does not fit: ${schemaProblems(result.issues)}`,
  );
}

function approvalOf({ value, by }: ReceivedSignal, label: string): Approval {
  const { approved, comment = "" } = (value ?? {}) as Partial<Approval>;
  if (typeof approved === "boolean" && typeof comment === "string") {
    return { approved, by, comment };
  }
  throw new InputError(
    `What was sent for approval "${label}" is no decision; send it by holdfast approve`,
  );
}
