/** The example examples/fleet-update, as its users run it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, start } from "./cli-process.ts";

const FILE = join(import.meta.dirname, "../examples/fleet-update/fleet-update.ts");

/** Each starts several processes, on a machine that may be busy. */
const SLOW = { timeout: 60_000 };

/** A fleet of three hosts, of which `ill` is not well. */
function fleetWith(ill: string | undefined) {
  const here = place();
  const hosts = ["a", "b", "c"];
  for (const host of hosts) {
    here.file(join("fleet", host, "version"), "1.1");
    here.file(join("fleet", host, "health"), host === ill ? "ill\n" : "ok\n");
  }
  const fleet = join(here.root, "fleet");
  const versions = () => hosts.map((host) => readFileSync(join(fleet, host, "version"), "utf8"));
  const running = start(here, ["run", FILE, "--input", JSON.stringify({ fleet, version: "1.2" })]);
  return { here, running, versions };
}

test("updates one host, asks, and updates the others", SLOW, async () => {
  const { here, running, versions } = fleetWith(undefined);
  await running.heard("waits for an approval");
  const before = versions();
  const { stdout } = await holdfast(here, ["approve", "last", "--comment", "looks good"]);
  const { exitCode } = await running.ended;

  expect([before, versions()]).toEqual([
    ["1.2", "1.1", "1.1"],
    ["1.2", "1.2", "1.2"],
  ]);
  expect([stdout, exitCode]).toEqual([expect.stringMatching(/^approved go on of run /), 0]);
});

test("a rejection leaves the others as they are", SLOW, async () => {
  const { here, running, versions } = fleetWith(undefined);
  await running.heard("waits for an approval");
  await holdfast(here, ["approve", "last", "--reject"]);

  expect([(await running.ended).exitCode, versions()]).toEqual([1, ["1.2", "1.1", "1.1"]]);
});

test(
  "a host that is not well is rolled back alone, and the smoke test tells of it",
  SLOW,
  async () => {
    const { here, running, versions } = fleetWith("b");
    await running.heard("waits for an approval");
    await holdfast(here, ["approve", "last"]);
    const { exitCode, stdout } = await running.ended;

    expect([exitCode, versions()]).toEqual([65, ["1.2", "1.1", "1.2"]]);
    expect(stdout).toContain("failed: hosts[b]: VERIFY_FAILED");
    expect(stdout).toContain("failed: smoke: ERROR (unknown): not at 1.2: b");
  },
);
