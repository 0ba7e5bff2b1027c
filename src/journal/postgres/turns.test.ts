import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** Work that ends when it is told to, and what was begun and ended, in order. */
function setUp() {
  const turns = new Turns();
  const told: string[] = [];
  const start = (thing: string, name: string) => {
    const end = Promise.withResolvers<string>();
    const done = turns.inTurn(thing, () => {
      told.push(name);
      return end.promise;
    });
    return { ...end, done };
  };
  return { turns, told, start };
}

const ticks = () => new Promise((resolve) => setImmediate(resolve));

test("work on one thing waits for its turn, and work on another does not", async () => {
  const { told, start } = setUp();
  const first = start("a", "a1");
  start("a", "a2");
  start("b", "b1");
  const before = [...told];
  first.resolve("");
  await ticks();

  expect([before, told]).toEqual([
    ["a1", "b1"],
    ["a1", "b1", "a2"],
  ]);
});

test("work that fails fails alone", async () => {
  const { start } = setUp();
  const first = start("a", "a1");
  const second = start("a", "a2");
  first.reject(new Error("first"));
  second.resolve("second");

  await expect(first.done).rejects.toThrow("first");
  expect(await second.done).toBe("second");
});

test("what is settled is what was asked for before, however it ended", async () => {
  const { turns, start } = setUp();
  const [first, second] = [start("a", "a1"), start("b", "b1")];
  let isSettled = false;
  const settled = turns.settled().then(() => (isSettled = true));
  const later = start("a", "a2");
  first.resolve("");
  await ticks();
  const early = isSettled;
  second.reject(new Error("second"));
  await expect(second.done).rejects.toThrow("second");
  await settled;

  expect([early, isSettled]).toEqual([false, true]);
  later.resolve("");
});
