/** Two failures at once, and limits that only ask a fallback to end. */

import { expect, test } from "vitest";
import {
  errorLine,
  fallback,
  faultOf,
  pipeline,
  summariseError,
  timeout,
  type Fault,
} from "../index.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";

const errorOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    (value) => ({ answered: value }),
    (error: unknown) => error,
  );

const fails = (error: unknown) => (): never => {
  throw error;
};

test.for<[what: string, depth: number]>([
  ["the cause of the work's error", 1],
  ["further back among its causes", 3],
])(
  "an answer that throws what is %s throws it as it is, and makes no circle",
  async ([, depth]) => {
    const root = new Error("root");
    const classify = (error: unknown): Fault =>
      error === root
        ? { class: "degraded", code: "ROOT", effect: "none" }
        : { class: "transient", code: "OUTER", effect: "partial" };
    let error: Error = root;
    for (let index = 0; index < depth; index++) error = new Error("outer", { cause: error });

    const thrown = await errorOf(fallback(fails(root), { classify }).run(fails(error)));

    expect([thrown === root, root.cause, error.cause !== undefined]).toEqual([
      true,
      undefined,
      true,
    ]);
    expect(faultOf(thrown)).toEqual({ class: "degraded", code: "ROOT", effect: "partial" });
    expect(errorLine(summariseError(error))).toContain("outer");
  },
);

test("causes of the work's error that go in a circle already do no harm", async () => {
  const error = new Error("one");
  error.cause = new Error("other", { cause: error });
  const stranger = new Error("stranger");

  const thrown = await errorOf(fallback(fails(stranger)).run(fails(error)));

  expect([thrown === stranger, stranger.cause === error]).toEqual([true, true]);
});

test("what is no error is no cause of the work's error either, though it looks like it", async () => {
  const error = new Error("outer", { cause: "down" });

  const thrown = await errorOf(fallback(fails("down")).run(fails(error)));

  expect((thrown as AggregateError).errors).toEqual(["down", error]);
});

const cleanedUp = new Error("cleaned up");

test("T1 what the work says when a limit asks it to end is heard of, and not answered", async () => {
  const clock = new VirtualClock();
  const limit = timeout("1s", { mode: "cooperative", clock });
  const late = async (): Promise<never> => {
    await clock.sleep(3_000);
    throw cleanedUp;
  };
  const inWork = pipeline(limit, fallback("other")).run(late);
  const inAnswer = pipeline(limit, fallback(late)).run(fails(new Error("down")));

  const ends = await clock.settle(() => Promise.all([inWork, inAnswer].map(errorOf)));

  const error = expect.objectContaining({ code: "TIMED_OUT", cause: cleanedUp });
  expect([ends, clock.elapsed()]).toEqual([[error, error], 3_000]);
});
