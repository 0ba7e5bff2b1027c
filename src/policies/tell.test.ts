import { expect, test } from "vitest";
import { breaker, constant, listen, OptionsError, retry } from "../index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

/** A call that fails once. */
const failOnce = (name: string) =>
  retry({ name, backoff: constant(0) }).run(({ attempt }) => {
    if (attempt === 1) throw down();
  });

test("who listens is told what all policies say, until it stops", async () => {
  const told: string[] = [];
  const listening = listen((event) => {
    if ("policy" in event) told.push(`${event.policy} ${event.type}`);
  });

  await failOnce("a");
  await breaker("b", { failures: 1 })
    .run(() => Promise.reject(down()))
    .catch(() => {});
  listening.stop();
  await failOnce("c");

  expect(told).toEqual([
    "a attempt.failed",
    "a retry.scheduled",
    "a retry.recovered",
    "b breaker.opened",
  ]);
});

test("one function may listen twice, and is told twice until it stops once", async () => {
  let count = 0;
  const on = (): void => void count++;

  {
    using _first = listen(on);
    using second = listen(on);
    await failOnce("a");
    second.stop();
    await failOnce("a");
  }
  await failOnce("a");

  expect(count).toBe(3 * 2 + 3);
});

test("what a listener throws, at once or later, changes nothing", async () => {
  using _now = listen(() => {
    throw new Error("thrown");
  });
  using _later = listen((() => Promise.reject(new Error("later"))) as never);

  await expect(failOnce("a")).resolves.toBe(undefined);
});

test("only a function can listen", () => {
  expect(() => listen("log" as never)).toThrow(OptionsError);
});
