/** One refresh for all steps that find out at once that their credentials have run out. */

import { expect, test } from "vitest";
import { automation, execute } from "../automation/index.ts";
import { VirtualClock } from "../testing/index.ts";
import { credentials } from "./credentials.ts";
import { failure, treat } from "./treat.contract.ts";

test("64 steps at once on a token that ran out need one new one, and when that runs out another", async () => {
  const token = { held: 0, valid: 1, refreshes: 0 };
  const store = credentials({
    name: "store",
    refresh: async () => {
      token.refreshes++;
      await Promise.resolve();
      token.held = token.valid;
    },
  });
  const many = automation("many", { heal: [store] }, async (run) => {
    const ask = async () => {
      if (token.held !== token.valid) throw failure("HTTP_401");
    };
    const steps = Array.from({ length: 64 }, (_, index) =>
      run.step(`ask ${index}`, ask, { repeatable: true, retry: { attempts: 1 } }),
    );
    await Promise.all(steps);
  });

  const first = await execute(many, { clock: new VirtualClock({ startAtMs: 1_000 }) });
  token.valid = 2;
  const second = await execute(many, { clock: new VirtualClock({ startAtMs: 2_000 }) });

  expect([first.exitCode, second.exitCode, token.refreshes]).toEqual([0, 0, 2]);
});

test("a refresh that fails has failed for all who waited for it", async () => {
  let refreshes = 0;
  const store = credentials({
    name: "store",
    refresh: async () => {
      refreshes++;
      throw new Error("locked out");
    },
  });

  const records = await Promise.all([treat(store, "HTTP_401"), treat(store, "HTTP_401")]);

  expect(records.map(({ outcome, because }) => [outcome, because])).toEqual([
    ["failed", "locked out"],
    ["failed", "locked out"],
  ]);
  expect(refreshes).toBe(1);
});

test("a step that is cancelled while it refreshes leaves it to the others, of whom one does it", async () => {
  const cancelled = new AbortController();
  let refreshes = 0;
  const store = credentials({
    name: "store",
    refresh: async ({ signal }) => {
      refreshes++;
      if (refreshes === 1) cancelled.abort(new Error("cancelled"));
      signal.throwIfAborted();
    },
  });

  const first = treat(store, "HTTP_401", { signal: cancelled.signal }).catch(String);
  const others = await Promise.all([treat(store, "HTTP_401"), treat(store, "HTTP_401")]);

  expect(await first).toBe("Error: cancelled");
  expect([refreshes, others.map(({ deeds }) => deeds)]).toEqual([
    2,
    [["refreshed the credentials of store"], ["another step refreshed the credentials of store"]],
  ]);
});
