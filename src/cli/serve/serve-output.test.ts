import { expect, test } from "vitest";
import { readArguments } from "../arguments.ts";
import { serve } from "../serve.ts";
import { linesOf } from "./serve-output.ts";
import { fakeWorld } from "../world-fixture.contract.ts";

function linesWith(...flags: string[]) {
  const world = fakeWorld({ env: { API_TOKEN: "s3cret-value" } });
  const call = readArguments(serve, ["a.ts", ...flags]);
  if (call.help) throw new Error("help was asked for");
  return { world, lines: linesOf(call.args, world)("nightly") };
}

test("each line of a run begins with its automation's name, without secrets and control characters", () => {
  const { world, lines } = linesWith();

  lines.stdout("1/1 tasks succeeded");
  lines.stderr("token s3cret-value\u001b[2J");

  expect(world.complained).toEqual(["nightly | 1/1 tasks succeeded\n", "nightly | token ***\n"]);
});

test("among log lines only log lines stand: what a run says otherwise becomes one", () => {
  const { world, lines } = linesWith("--log-format", "json");
  const record = '{"@timestamp":"2026-11-22T02:00:00.000Z","log.level":"INFO"}';

  lines.stderr(record);
  lines.stderr("s3cret-value is no record");
  lines.stdout(record);

  const [passed, ...wrapped] = world.complained;
  expect(passed).toBe(`${record}\n`);
  expect(
    wrapped.map((line) => {
      const { message, "service.name": service } = JSON.parse(line) as Record<string, unknown>;
      return [service, message];
    }),
  ).toEqual([
    ["nightly", "*** is no record"],
    ["nightly", record],
  ]);
});
