/** Functions and methods that are guarded wherever they are called. */

import type { Policy } from "./policy.ts";

/** A function that may answer a promise. */
type Guardable<This, Args extends readonly unknown[], Value> = (
  this: This,
  ...args: Args
) => Value | PromiseLike<Value>;

/** The same, guarded. */
type GuardedFunction<This, Args extends readonly unknown[], Value> = (
  this: This,
  ...args: Args
) => Promise<Value>;

/**
 * The same function, each call of it guarded by `policy`. `this` and the arguments are handed on as
 * they are, to every attempt. Work that wants its signal takes `policy.run`.
 *
 * @example
 * const readUser = wrap(retry(), async (id: number) => `user ${id}`);
 * console.log(await readUser(42)); // user 42
 */
export function wrap<This, Args extends readonly unknown[], Value, Answer = never>(
  policy: Policy<Answer>,
  fn: Guardable<This, Args, Value>,
): GuardedFunction<This, Args, Value | Answer> {
  return function guarded(this: This, ...args: Args): Promise<Value | Answer> {
    return policy.run(() => fn.apply(this, args as never));
  };
}

/**
 * Makes a decorator for methods: each call is guarded by `policy`, which all objects of the class
 * share. A standard decorator (TC39, stage 3); Node runs one only after it was compiled.
 *
 * @example
 * // class Bank {
 * //   @guardedBy(pipeline(retry(), timeout("2s")))
 * //   async readBalance(account: number) { … }
 * // }
 */
export function guardedBy<Answer = never>(policy: Policy<Answer>): GuardMethod<Answer> {
  return (method) => wrap(policy, method);
}

/** What a class calls with each method that is decorated; answers what takes its place. */
export type GuardMethod<Answer = never> = <This, Args extends readonly unknown[], Value>(
  method: Guardable<This, Args, Value>,
  context: ClassMethodDecoratorContext<This, Guardable<This, Args, Value>>,
) => GuardedFunction<This, Args, Value | Answer>;
