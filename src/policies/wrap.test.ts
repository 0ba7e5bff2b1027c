import { expect, test } from "vitest";
import { constant, pipeline, retry, timeout, wrap } from "../index.ts";

const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

class Account {
  calls = 0;
  readonly balance: number;
  constructor(balance: number) {
    this.balance = balance;
  }
}

test("a wrapped function is guarded, with its own this and arguments in every attempt", async () => {
  const account = new Account(7);
  async function add(this: Account, a: number, b: number): Promise<number> {
    if (++this.calls < 3) throw reset();
    return this.balance + a + b;
  }
  const guarded = wrap(pipeline(retry({ backoff: constant(0) }), timeout("2s")), add);

  expect([await guarded.call(account, 1, 2), account.calls]).toEqual([10, 3]);
});

test("retry wraps in the same way", async () => {
  let calls = 0;
  const read = retry({ backoff: constant(0) }).wrap((name: string) => {
    if (++calls < 2) throw reset();
    return name;
  });

  expect([await read("a"), calls]).toEqual(["a", 2]);
});
