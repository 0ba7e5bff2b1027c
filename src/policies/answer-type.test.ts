/** What the types say of a policy that may answer something else than its work does. */

import { expectTypeOf, test } from "vitest";
import * as lean from "../lean/index.ts";
import {
  attemptTask,
  breaker,
  fallback,
  guardedBy,
  intended,
  keyed,
  outcome,
  partsOf,
  pipeline,
  pipelineFrom,
  replaceable,
  retry,
  timeout,
  wrap,
  type AnswerOf,
  type Outcome,
  type Policy,
  type RunOptions,
  type TaskResult,
  type Work,
} from "../index.ts";

const count = (): number => 1;
const standIn = fallback(null);
const own = {
  name: "own",
  run: <Value>(work: Work<Value>, given?: RunOptions): Promise<Value> =>
    pipeline().run(work, given),
};

test("a pipeline answers what its work does where nothing in it may answer something else", () => {
  const listed = [retry(), timeout("2s")];

  expectTypeOf(pipeline(retry(), breaker("a"), own, timeout("2s"))).toEqualTypeOf<Policy>();
  expectTypeOf(pipeline()).toEqualTypeOf<Policy>();
  expectTypeOf(pipeline(...listed)).toEqualTypeOf<Policy>();
  expectTypeOf(pipeline(retry()).run(count)).toEqualTypeOf<Promise<number>>();
});

test("what one of its policies may answer, it may answer too, however deep", () => {
  const guarded = pipeline(fallback("none"), pipeline(intended(standIn), retry()), own);

  expectTypeOf(pipeline(standIn, retry())).toEqualTypeOf<Policy<null>>();
  expectTypeOf(guarded.run(count)).toEqualTypeOf<Promise<number | string | null>>();
  expectTypeOf<AnswerOf<typeof guarded>>().toEqualTypeOf<string | null>();
  expectTypeOf(
    keyed(() => pipeline(standIn))
      .for("a")
      .run(count),
  ).toEqualTypeOf<Promise<number | null>>();
});

test("a lean pipeline tells the same of what is in it", () => {
  expectTypeOf(lean.pipeline(lean.retry(), own)).toEqualTypeOf<Policy>();
  expectTypeOf(lean.pipeline(standIn, lean.retry())).toEqualTypeOf<Policy<null>>();
  expectTypeOf(pipeline(lean.pipeline(standIn), retry())).toEqualTypeOf<Policy<null>>();
});

test("so does whatever is made with it", () => {
  const guarded = pipeline(standIn, retry());
  const balance = (account: number): number | Promise<number> => account;

  expectTypeOf(wrap(guarded, count)()).toEqualTypeOf<Promise<number | null>>();
  expectTypeOf(outcome(guarded, count)).toEqualTypeOf<Promise<Outcome<number | null>>>();
  expectTypeOf(attemptTask("count", count, { policy: guarded })).toEqualTypeOf<
    Promise<TaskResult<number | null>>
  >();
  expectTypeOf(replaceable(guarded).run(count)).toEqualTypeOf<Promise<number | null>>();
  expectTypeOf(pipelineFrom<null>([])).toEqualTypeOf<Policy<null>>();
  expectTypeOf(guardedBy(guarded)(balance, {} as never)).returns.toEqualTypeOf<
    Promise<number | null>
  >();
});

test("where only the work's own answer will do, such a policy is refused", () => {
  const take = (policy: Policy): Policy => policy;
  const current = replaceable(retry());
  const replace: typeof current.replace = (next) => current.replace(next);

  expectTypeOf(take).toBeCallableWith(pipeline(retry(), own));
  // @ts-expect-error It may answer null.
  expectTypeOf(take).toBeCallableWith(pipeline(standIn, retry()));
  // @ts-expect-error So may what it would be replaced by.
  expectTypeOf(replace).toBeCallableWith(standIn);
});

test("a policy has no name that the types of somebody's exported policy could not name", () => {
  expectTypeOf<keyof Policy>().toEqualTypeOf<"name" | "run" | "~answer">();
});

test("where any answer will do, all are taken", () => {
  expectTypeOf(partsOf).toBeCallableWith(standIn);
  expectTypeOf<Policy>().toExtend<Policy<null>>();
  expectTypeOf<Policy<null>>().toExtend<Policy<string | null>>();
});
