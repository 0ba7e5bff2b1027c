import { expect, test } from "vitest";
import { constant, measured, OptionsError, pipeline, retry, type EventDetails } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });

/** A retry that is measured as a whole and attempt by attempt; each attempt takes 10 ms. */
function play() {
  const clock = new VirtualClock();
  const told: EventDetails[] = [];
  const on = (event: EventDetails): void => void told.push(event);
  const policy = pipeline(
    measured({ name: "call", clock, on }),
    retry({ clock, attempts: 2, backoff: constant("1s") }),
    measured({ name: "attempt", clock, on }),
  );
  return { clock, told, policy };
}

test("each call is told of, with how it ended and how long it took", async () => {
  const { clock, told, policy } = play();
  const error = down();

  const value = await clock.settle(() =>
    policy.run(async ({ attempt }) => {
      await clock.sleep(10);
      if (attempt === 1) throw error;
      return "done";
    }),
  );

  expect([value, told]).toEqual([
    "done",
    [
      {
        type: "call.failed",
        policy: "attempt",
        durationMs: 10,
        fault: { class: "degraded", code: "ECONNREFUSED", effect: "none" },
        error,
      },
      { type: "call.succeeded", policy: "attempt", durationMs: 10 },
      { type: "call.succeeded", policy: "call", durationMs: 1_020 },
    ],
  ]);
});

test("a failure goes through untouched", async () => {
  const { clock, told, policy } = play();
  const error = down();

  await expect(clock.settle(() => policy.run(() => Promise.reject(error)))).rejects.toBe(error);
  expect(told.map(({ type }) => type)).toEqual(["call.failed", "call.failed", "call.failed"]);
});

test("a call that its caller cancelled is not told of", async () => {
  const { told, policy } = play();
  const caller = new AbortController();
  const running = policy.run(() => new Promise(() => {}), caller);

  caller.abort("closing down");

  await expect(running).rejects.toBe("closing down");
  expect(told).toEqual([]);
});

test("a name and listeners are all that it takes", () => {
  expect(measured().name).toBe("measured");
  expect(() => measured({ names: "a" } as never)).toThrow(OptionsError);
});
