/** A promise that knows whether anybody waits for it. */

/** See the header. What it rejects with and nobody waits for does not end the process. */
export class WatchedPromise<Value> extends Promise<Value> {
  #isAwaited = false;

  /** Promises that are made from it are plain ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Settles as `running` does. */
  static of<Value>(running: Promise<Value>): WatchedPromise<Value> {
    const watched = new WatchedPromise<Value>((resolve, reject) => {
      running.then(resolve, reject);
    });
    void Promise.prototype.then.call(watched, undefined, () => undefined);
    return watched;
  }

  /** Whether `then`, `catch` or `await` was ever used on it. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- `await` and `Promise.all` come through here
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }
}
