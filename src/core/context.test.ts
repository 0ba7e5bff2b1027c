import { expect, test } from "vitest";
import { ambient, emitAmbient, contextHere, withAmbient, type Ambient } from "./context.ts";
import type { EventDetails, Where } from "./events.ts";

function contextOf(step: string): Ambient & { seen: [EventDetails, Where][] } {
  const seen: [EventDetails, Where][] = [];
  return { where: { step }, stream: (details, where) => seen.push([details, where]), seen };
}

test("there is none outside", () => {
  emitAmbient({ type: "task.started" });

  expect(ambient()).toBeUndefined();
});

test("it follows promises, and ends with what was run inside", async () => {
  const context = contextOf("a");

  const inside = await withAmbient(context, async () => {
    await Promise.resolve();
    return ambient();
  });

  expect([inside, ambient()]).toEqual([context, undefined]);
});

test("works that run at once each keep their own", async () => {
  const contexts = ["a", "b", "c"].map(contextOf);

  await Promise.all(
    contexts.map((context) =>
      withAmbient(context, async () => {
        await Promise.resolve();
        emitAmbient({ type: "undo.started" });
        await withAmbient(contextOf("inner"), async () => Promise.resolve());
        emitAmbient({ type: "task.started" });
      }),
    ),
  );

  expect(contexts.map(({ seen }) => seen)).toEqual(
    ["a", "b", "c"].map((step) => [
      [{ type: "undo.started" }, { step }],
      [{ type: "task.started" }, { step }],
    ]),
  );
});

test("what the work throws comes out as it is", () => {
  const error = new Error("no");

  expect(() =>
    withAmbient(contextOf("a"), () => {
      throw error;
    }),
  ).toThrow(error);
});

test("what is called later can be called in the context of now", () => {
  const context = contextOf("a");
  const there = withAmbient(context, () => contextHere());

  there.runInAsyncScope(() => emitAmbient({ type: "task.started" }));

  expect([context.seen.length, ambient()]).toEqual([1, undefined]);
});
