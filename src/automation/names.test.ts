import { expect, test } from "vitest";
import { AutomationError } from "../core/errors.ts";
import { play } from "./play.contract.ts";

test.for<[name: unknown, problem: string]>([
  ["", "must be text of 1 to 200 characters"],
  [" ", "must be text of 1 to 200 characters"],
  ["a".repeat(201), "must be text of 1 to 200 characters"],
  [5, "must be text of 1 to 200 characters"],
  ["log in with hunter2hunter2", "holds what looks like a secret; name it by what it does"],
])("a step and a task named %o are refused", async ([name, problem]) => {
  const problems: unknown[] = [];
  const { steps } = await play(
    async (run) => {
      await run.step(name as string, () => 1).catch((error: unknown) => problems.push(error));
      await run.task(name as string, () => 1).catch((error: unknown) => problems.push(error));
    },
    { env: { DB_PASSWORD: "hunter2hunter2" } },
  );

  expect(problems).toEqual([
    new AutomationError(`The name of a step ${problem}`),
    new AutomationError(`The name of a task ${problem}`),
  ]);
  expect(steps).toEqual([]);
});

test("a name may have 200 characters", async () => {
  const { result } = await play((run) => run.step("a".repeat(200), () => 1));

  expect(result.status).toBe("succeeded");
});
