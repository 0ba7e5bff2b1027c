/**
 * The retry budget as a pure rule: no clock. `retry-budget.ts` owns that, and asks here.
 *
 * Within a window, retries and hedges may be a share of the first attempts, and besides a few per
 * second, for whoever calls seldom. This is the budget of Finagle (Twitter, `RetryBudget`: 20 %, and
 * deposits that expire after 10 s), which Linkerd and tower took over. gRPC's (proposal A6, `retryThrottling`)
 * takes a token for each failure, gives back a part of one for each success, and allows every retry
 * until half of the tokens are gone, then none. So how much it lets the load grow depends on how many
 * fail, and it must be told of the end of each call. Here no more than `ratio` is ever put on top of
 * the first attempts, and whoever asks need not know how calls end.
 *
 * The window moves on in tenths, so that it takes the same memory and time however many calls there are.
 */

/** What a budget goes by. */
export interface BudgetRules {
  /** Retries for each first attempt. */
  readonly ratio: number;
  /** Retries per second besides. */
  readonly perSecond: number;
  readonly windowMs: number;
}

const SLICES = 10;
/** Takes back what rounding took: 0.29 × 100 is a little less than 29. */
const ROUNDING = 1e-9;

/** First attempts and further ones within the window. Moments are milliseconds by a clock that only grows. */
export class AttemptTally {
  readonly #rules: BudgetRules;
  readonly #calls = new Float64Array(SLICES);
  readonly #retries = new Float64Array(SLICES);
  /** Which tenth of a window it is, counted from the clock's beginning. */
  #slice = 0;

  constructor(rules: BudgetRules) {
    this.#rules = rules;
  }

  /** First attempts, and retries and hedges, within the window. */
  counts(nowMs: number): { readonly calls: number; readonly retries: number } {
    this.#moveTo(nowMs);
    return { calls: sum(this.#calls), retries: sum(this.#retries) };
  }

  /** How many more retries there may be now. */
  left(nowMs: number): number {
    const { ratio, perSecond, windowMs } = this.#rules;
    const { calls, retries } = this.counts(nowMs);
    const allowed = ratio * calls + (perSecond * windowMs) / 1_000;
    return Math.max(0, Math.floor(allowed - retries + ROUNDING));
  }

  /** A first attempt began. */
  deposit(nowMs: number): void {
    count(this.#calls, this.#moveTo(nowMs));
  }

  /** A retry or a hedge begins; only where one is left. */
  withdraw(nowMs: number): void {
    count(this.#retries, this.#moveTo(nowMs));
  }

  /** Forgets what has left the window, and answers the place of the present tenth. */
  #moveTo(nowMs: number): number {
    const slice = Math.floor((nowMs * SLICES) / this.#rules.windowMs);
    const first = Math.max(this.#slice + 1, slice - SLICES + 1);
    for (let stale = first; stale <= slice; stale++) {
      this.#calls[stale % SLICES] = 0;
      this.#retries[stale % SLICES] = 0;
    }
    this.#slice = slice;
    return slice % SLICES;
  }
}

function sum(slices: Float64Array): number {
  return slices.reduce((all, slice) => all + slice, 0);
}

function count(slices: Float64Array, place: number): void {
  slices[place] = (slices[place] as number) + 1;
}
