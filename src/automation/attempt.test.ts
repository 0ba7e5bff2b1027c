import { expect, test } from "vitest";
import { breaker } from "../policies/breaker.ts";
import type { Attempt, Policy } from "../policies/policy.ts";
import { pipeline } from "../policies/pipeline.ts";
import { retry } from "../policies/retry.ts";
import { timeout } from "../policies/timeout.ts";
import { journalWith } from "../journal/journal-with.contract.ts";
import { failing, Machine, play } from "./play.contract.ts";

test("a run that is cancelled while an intent is written does not take the step for done", async () => {
  const controller = new AbortController();
  const machine = new Machine((run, did) => run.step("charge", () => did.push("charged")));
  const { journal } = machine;
  const cancelling = journalWith(journal, {
    writeStep: async (...[hold, step]: Parameters<typeof journal.writeStep>) => {
      await journal.writeStep(hold, step);
      if (step.name === "charge") controller.abort(new Error("stop"));
    },
  });

  const first = await machine.start({ journal: cancelling, signal: controller.signal });
  const afterFirst = [...machine.did];
  const second = await machine.start();

  expect({
    first: first.result.status,
    afterFirst,
    second: second.result.status,
    did: machine.did,
  }).toEqual({
    first: "interrupted",
    afterFirst: [],
    second: "succeeded",
    did: ["charged"],
  });
});

test("work that a policy never let begin had no effect", async () => {
  const refusing: Policy = { name: "gate", run: () => Promise.reject(new Error("shut")) };
  const { steps } = await play((run) => run.step("one", () => 1, { policy: refusing }));

  expect(steps.slice(0, 1).map(({ effect, attempts }) => [effect, attempts.length])).toEqual([
    ["none", 2],
  ]);
});

test("a value that comes within the grace after a time limit counts", async () => {
  const { result, steps } = await play((run, did, clock) =>
    run.step(
      "charge",
      async () => {
        await clock.sleep(1_050);
        did.push("charged");
        return "receipt";
      },
      { timeout: { attempt: "1s" } },
    ),
  );

  expect([result.status, steps[0]?.status, steps[0]?.value]).toEqual([
    "succeeded",
    "completed",
    '"receipt"',
  ]);
});

test("a value that comes after the total limit, within the grace, counts too", async () => {
  const { result, did } = await play(async (run, log, clock) => {
    log.push(
      await run.step("charge", () => clock.sleep(1_050).then(() => "receipt"), {
        timeout: { total: "1s" },
      }),
    );
  });

  expect([result.status, did]).toEqual(["succeeded", ["receipt"]]);
});

test("a late value that is not good does not count", async () => {
  const { result } = await play((run, _, clock) =>
    run.step("charge", () => clock.sleep(1_050), {
      timeout: { attempt: "1s" },
      verify: () => false,
    }),
  );

  expect(result.status).toBe("failed");
});

test("the time limit holds for the verification too", async () => {
  const { result, types } = await play((run) =>
    run.step("one", () => 1, { timeout: { attempt: "1s" }, verify: () => new Promise(() => {}) }),
  );

  expect([result.exitCode, types.includes("timeout.expired")]).toEqual([75, true]);
});

test("a policy goes around the work only, not around its verification", async () => {
  const seen: unknown[] = [];
  const watching: Policy = {
    name: "watching",
    run: async (work, given) => {
      const value = await work(given as never);
      seen.push(value);
      return value;
    },
  };
  await play((run) => run.step("one", () => 1, { policy: watching, verify: () => false }));

  expect(seen).toEqual([1]);
});

test("a step whose work was left behind and still runs makes the rollback incomplete", async () => {
  const { result, did, events } = await play((run, log, clock) =>
    run.step(
      "slow",
      async () => {
        await clock.sleep(60_000);
        log.push("landed");
      },
      {
        timeout: { attempt: "1s" },
        undo: () => void log.push("undone"),
        undoRetry: { attempts: 1 },
      },
    ),
  );

  const final = events.find((event) => event.type === "undo.failed" && event.isFinal);
  expect({
    exitCode: result.exitCode,
    did,
    said: final && "error" in final && final.error.message,
  }).toEqual({
    exitCode: 81,
    did: ["undone", "undone"],
    said: 'Work or undo of "slow" was left behind and still runs: what it does from now on is not taken back',
  });
});

test("work that was left behind and has ended by then does not keep a rollback from being complete", async () => {
  const { result, did } = await play(async (run, log, clock) => {
    const slow = async () => {
      await clock.sleep(8_000);
      log.push("landed");
    };
    await run
      .step("slow", slow, {
        timeout: { attempt: "1s" },
        undo: () => void log.push("undone"),
        retry: { attempts: 1 },
      })
      .catch(() => undefined);
    await run.step("later", () => clock.sleep(60_000));
    throw new Error("no");
  });

  expect([result.exitCode, did]).toEqual([80, ["landed", "undone"]]);
});

test("nobody is asked whether work happened that still runs", async () => {
  const { did, result } = await play((run, log, clock) =>
    run.step("slow", () => clock.sleep(600_000), {
      timeout: { attempt: "1s" },
      reconcile: () => (log.push("asked"), "absent"),
      retry: { attempts: 2 },
      repeatable: false,
    }),
  );

  expect([did, result.exitCode]).toEqual([["asked"], 75]);
});

test("what code an error has is redacted as its message is", async () => {
  const { steps, events } = await play((run) => run.step("one", failing("hunter2hunter2")), {
    env: { DB_PASSWORD: "hunter2hunter2" },
  });

  expect(JSON.stringify([steps, events])).not.toContain("hunter2");
});

test("a step's length is not that of a clock that is set back", async () => {
  const { events } = await play((run, _, clock) =>
    run.step("one", async () => {
      await clock.sleep(100);
      clock.jumpWallClock(-3_600_000);
    }),
  );

  expect(
    events.flatMap((event) => (event.type === "step.completed" ? event.durationMs : [])),
  ).toEqual([100]);
});

test("an error's secret does not reach the journal", async () => {
  const { steps } = await play((run) =>
    run.step("one", () => {
      throw new TypeError("Authorization: Bearer abcdefghijklmnopqrstuvwxyz");
    }),
  );

  expect(JSON.stringify(steps)).not.toContain("abcdefghijklmnopqrstuvwxyz");
});

const passing: Policy = { name: "passing", run: async (work, given) => work(given as Attempt) };

/** Rejects as soon as it is aborted, whatever its work does. */
const impatient: Policy = {
  name: "impatient",
  run: (work, given) =>
    new Promise((resolve, reject) => {
      const attempt = given as Attempt;
      attempt.signal.addEventListener("abort", () => reject(attempt.signal.reason as Error), {
        once: true,
      });
      Promise.resolve(work(attempt)).then(resolve, reject);
    }),
};

test.for([
  ["none", undefined],
  ["one that waits for its work", passing],
  ["one that does not", impatient],
  ["a breaker", breaker("shared")],
  ["a retry", retry({ attempts: 2 })],
] as const)(
  "with policy %s, work has its grace, and no other begins beside it",
  async ([, policy]) => {
    const { did, result } = await play((run, log, clock) =>
      run.step(
        "slow",
        async ({ attempt }) => {
          log.push(`begins ${attempt}`);
          await clock.sleep(attempt === 1 ? 1_500 : 100);
          log.push(`ends ${attempt}`);
          if (attempt === 1) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
        },
        { timeout: { attempt: "1s" }, repeatable: true, policy },
      ),
    );

    expect([result.status, did]).toEqual([
      "succeeded",
      ["begins 1", "ends 1", "begins 2", "ends 2"],
    ]);
  },
);

test("what a policy refuses does not count as a late answer", async () => {
  const refusing: Policy = {
    name: "refusing",
    run: async (work, given) => {
      await work(given as Attempt);
      throw new Error("not good enough");
    },
  };
  const { result } = await play((run) => run.step("one", () => 1, { policy: refusing }));

  expect(result.status).toBe("failed");
});

test("work does not begin after its attempt is over, whatever a policy does", async () => {
  const machine = new Machine((run, did, clock) => {
    const queueing: Policy = {
      name: "queueing",
      run: async (work, given) => {
        await clock.sleep(2_000);
        return work(given as Attempt);
      },
    };
    return run.step("one", () => did.push("began"), {
      timeout: { attempt: "1s" },
      retry: { attempts: 1 },
      grace: "0s",
      policy: queueing,
    });
  });
  const { result } = await machine.start();
  await machine.clock.advance("10s");

  expect([result.exitCode, machine.did]).toEqual([75, []]);
});

test("all works that a policy began are waited for before another attempt", async () => {
  const hedging: Policy = {
    name: "hedging",
    run: (work, given) =>
      Promise.race([work(given as Attempt), work(given as Attempt)]).then((value) => value),
  };
  let begun = 0;
  const { did } = await play((run, log, clock) =>
    run.step(
      "twice",
      async ({ attempt }) => {
        const lengthMs = begun++ % 2 === 0 ? 3_000 : 2_000;
        await clock.sleep(attempt === 1 ? lengthMs : 1);
        log.push(`ends ${attempt}`);
        if (attempt === 1) throw new Error("no");
      },
      { timeout: { attempt: "1s" }, repeatable: true, policy: hedging },
    ),
  );

  expect(did).toEqual(["ends 1", "ends 1", "ends 2"]);
});

test("an error that a policy threw before the work began tells more when the work throws it", async () => {
  const error = new Error("shut");
  let calls = 0;
  const gate: Policy = {
    name: "gate",
    run: async (work, given) => {
      calls++;
      if (calls === 1) throw error;
      return work(given as Attempt);
    },
  };
  const { steps } = await play((run) =>
    run.step("one", () => Promise.reject(error), { policy: gate }),
  );

  const [step] = steps;
  expect(step?.attempts.map(({ fault }) => fault?.effect)).toEqual(["none", "unknown"]);
  expect(step?.effect).toBe("unknown");
});

const refused = new Error("not good enough");

test.for<
  [what: string, refuse: (value: unknown, given: AbortController) => unknown, attemptMs: number]
>([
  [
    "and aborts then",
    (_, controller) => {
      controller.abort();
      throw refused;
    },
    5_000,
  ],
  [
    "after the time limit",
    () => {
      throw refused;
    },
    1_000,
  ],
])("a value that a policy refuses %s does not count", async ([, refuse, attemptMs]) => {
  const policy: Policy = {
    name: "refusing",
    run: async (work, given) => {
      const controller = new AbortController();
      const { attempt, deadline } = given as Attempt;
      const value = await work({ attempt, deadline, signal: controller.signal });
      return refuse(value, controller) as never;
    },
  };
  const { result } = await play((run, _, clock) =>
    run.step("one", () => clock.sleep(1_050), { timeout: { attempt: attemptMs }, policy }),
  );

  expect(result.status).toBe("failed");
});

test("a late value is what the policy makes of it, and is verified and told of once", async () => {
  const mapping: Policy = {
    name: "mapping",
    run: async (work, given) => `mapped ${String(await work(given as Attempt))}` as never,
  };
  const verified: unknown[] = [];
  const { steps, types } = await play((run, _, clock) =>
    run.step("one", () => clock.sleep(1_050).then(() => "raw"), {
      timeout: { attempt: "1s" },
      policy: mapping,
      verify: (value) => verified.push(value),
    }),
  );

  expect({
    value: steps[0]?.value,
    verified,
    told: types.filter((type) => type === "attempt.succeeded").length,
  }).toEqual({ value: '"mapped raw"', verified: ["mapped raw"], told: 1 });
});

test("an attempt had the worst effect of all works that a policy began", async () => {
  const charging = failing("ECONNRESET");
  const { did, result, steps } = await play((run, log, clock) =>
    run.step("charge", charging, {
      policy: pipeline(retry({ attempts: 2, clock }), breaker("bank", { failures: 1, clock })),
      undo: ({ effect }) => void log.push(`undo ${effect}`),
      retry: { attempts: 1 },
      repeatable: false,
    }),
  );

  expect([charging.calls, did, result.exitCode, steps[0]?.effect]).toEqual([
    1,
    ["undo unknown"],
    80,
    "unknown",
  ]);
});

test("a work that still runs when another one has answered makes a later rollback incomplete", async () => {
  const { did, result } = await play(async (run, log, clock) => {
    let goes = 0;
    await run.step(
      "twice",
      async () => {
        if (++goes > 1) return;
        await clock.sleep(60_000);
      },
      {
        policy: pipeline(retry({ attempts: 2, clock }), timeout("1s", { clock })),
        undo: () => void log.push("undone"),
        undoRetry: { attempts: 1 },
      },
    );
    throw new Error("no");
  });

  expect([did, result.exitCode]).toEqual([["undone"], 81]);
});

test("an attempt that was left behind tells no more of itself", async () => {
  const { events } = await play((run, _, clock) =>
    run.step("slow", ({ attempt }) => clock.sleep(attempt === 1 ? 10_000 : 20_000), {
      timeout: { attempt: "1s" },
      grace: "1s",
      repeatable: true,
      retry: { attempts: 2 },
    }),
  );

  expect(events.filter(({ type }) => type === "attempt.succeeded")).toEqual([]);
});
