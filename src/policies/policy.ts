/** The contract of every policy: what the work is given, and how policies nest. */

/** How much time is left. */
export interface Deadline {
  /** Milliseconds until the limit that ends soonest; `Infinity` where there is none, never negative. */
  remainingMs(): number;
}

/** One go at the work, as the work sees it. */
export interface Attempt {
  /** Counts from 1; grows with each retry of the innermost `retry` around the work. */
  readonly attempt: number;
  /** Aborts when the caller cancels or a limit is over. Made when it is first read. */
  readonly signal: AbortSignal;
  /** When the limits around the work end. */
  readonly deadline: Deadline;
}

/** What the user hands in. It may be called several times. */
export type Work<Value> = (attempt: Attempt) => Value | PromiseLike<Value>;

/** What a caller hands to `run`, or the policy outside to the one inside; an `Attempt` fits. */
export type RunOptions = { readonly [Name in keyof Attempt]?: Attempt[Name] | undefined };

/** What a policy may answer itself. One of somebody's own that does not say so answers what the work does. */
export type AnswerOf<Any> = Any extends { readonly "~answer"?: (() => infer Answer) | undefined }
  ? "~answer" extends keyof Any
    ? Answer
    : never
  : never;

/**
 * Guards work. A plain object without state of its own per call, so that any number of calls may
 * go through it at once.
 *
 * To write one, hand the options that `run` was given on to what is inside. The getters of an
 * `Attempt` are not copied by a spread: name its fields instead.
 *
 * @example
 * const logged: Policy = {
 *   name: "logged",
 *   run: (work, options) => retry().run(work, options).finally(() => console.log("done")),
 * };
 */
export interface Policy<Answer = never> {
  /** Stands in events and messages. */
  readonly name: string;
  /**
   * Runs `work` under the policy. Rejects with the work's own error, the same object. Once the
   * signal aborts, rejects at once with the signal's reason, and starts nothing more.
   *
   * Nearly all answer what the work does. A `Policy<Answer>`, such as a `fallback`, may answer that
   * in its place.
   */
  run<Value>(work: Work<Value>, options?: RunOptions): Promise<Value | Answer>;
  /**
   * Tells the type of that answer to a pipeline; never there. No symbol, which could not be named where
   * somebody's exported policy is made of one of ours.
   */
  readonly "~answer"?: (() => Answer) | undefined;
}
