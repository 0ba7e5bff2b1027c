/** What one call under `hedge` answers, and when; and what becomes of the results that are not the answer. */

/** How an attempt ended, or the call. */
export type Ending<Value> = { readonly value: Value } | { readonly error: unknown };

/**
 * Lets go of a result that nobody gets. Its parameter may be given the type that the work answers, which
 * is taken at its word.
 */
export type Discard = Discards["discard"];

interface Discards {
  // As a method: a function in its place would have to take results of any type.
  // oxlint-disable-next-line typescript/method-signature-style
  discard(result: unknown): unknown;
}

/** What becomes of attempts that lost. */
export interface LoserRules {
  readonly losers: "abandoned" | "awaited";
  readonly discard: Discard | undefined;
}

/**
 * The answer of one call. It is given once: as soon as it is decided, or where the call waits, when no
 * attempt runs any more and nothing is being discarded.
 */
export abstract class HedgeAnswer<Value> {
  readonly #answer = Promise.withResolvers<Value>();
  readonly #discard: Discard | undefined;
  /** What the call ends with: not for certain before it is decided. */
  #ending: Ending<Value> | undefined;
  #isDecided = false;
  #isGiven = false;
  readonly #isWaiting: boolean;
  #discarding = 0;

  constructor({ losers, discard }: LoserRules) {
    this.#isWaiting = losers === "awaited";
    this.#discard = discard;
  }

  /** How many attempts run. */
  protected abstract readonly running: number;

  /** It is decided what the call ends with: what else was answered can be let go. */
  protected abstract answerDecided(): void;

  /** The answer is given: whoever could end the call early need not any more. */
  protected abstract answerGiven(): void;

  protected get answer(): Promise<Value> {
    return this.#answer.promise;
  }

  /** Whether attempts that are asked to end are waited for. */
  get isWaiting(): boolean {
    return this.#isWaiting && !this.#isGiven;
  }

  /** The call ends so, and no otherwise. */
  protected decide(ending: Ending<Value>): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#ending = ending;
    if (!this.#isWaiting) this.#give(ending);
    this.answerDecided();
  }

  /** The caller went away: what was decided, and not given, is nobody's. */
  protected giveUp(reason: unknown): void {
    const before = this.#ending;
    const ending = (this.#ending = { error: reason });
    this.#give(ending);
    if (before === undefined) this.decide(ending);
    else this.discard(before);
  }

  /**
   * An attempt ended after the call was over. Where that was only asked to end, it ends with the first value
   * that still comes, or else with the last error, when no attempt runs any more.
   */
  protected endedLate(ending: Ending<Value>): void {
    const isOpen = !this.#isDecided && (this.#ending === undefined || "error" in this.#ending);
    if (isOpen) this.#ending = ending;
    else this.discard(ending);
    this.giveWhenDone();
  }

  /** Gives the answer, unless something is still waited for. Once it is given, again changes nothing. */
  protected giveWhenDone(): void {
    if (this.running > 0 || this.#ending === undefined) return;
    this.decide(this.#ending);
    if (this.#discarding === 0) this.#give(this.#ending);
  }

  /** Lets go of a result, unless it is the answer. */
  protected discard(ending: Ending<Value>): void {
    const discard = this.#discard;
    if (discard === undefined || !("value" in ending) || this.#isAnswer(ending.value)) return;
    this.#discarding++;
    void quietly(discard, ending.value).then(() => {
      this.#discarding--;
      this.giveWhenDone();
    });
  }

  /** Two attempts may have answered the same object. */
  #isAnswer(value: Value): boolean {
    const ending = this.#ending;
    return ending !== undefined && "value" in ending && Object.is(ending.value, value);
  }

  #give(ending: Ending<Value>): void {
    this.#isGiven = true;
    this.answerGiven();
    if ("value" in ending) this.#answer.resolve(ending.value);
    else this.#answer.reject(ending.error);
  }
}

async function quietly(discard: Discard, result: unknown): Promise<void> {
  try {
    await discard(result);
  } catch {
    // The call has its answer, which matters more than what nobody gets.
  }
}
