/** What `npm start` runs once the checkout is ready: real processes, because it is about them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { start, world } from "./nightly-backup-world.ts";

/** Each starts three processes, on a machine that may be busy. */
const SLOW = { timeout: 60_000 };

test.for<[exitCode: number, args: string[], says: string[]]>([
  [0, [], ["2/2 tasks succeeded", "The store caused", "truncate", "Three things to try next"]],
  [80, ["--input", '{"attempts":1}'], ["0/1 tasks succeeded", "The store caused"]],
  [80, ["--store-profile=outage"], ["HTTP_403", "The store caused 1 fault in this run"]],
])("npm start exits with %i for %o", SLOW, async ([exitCode, args, says]) => {
  const here = world();
  const profile = args.includes("--store-profile=outage") ? [] : ["--store-profile", "fast"];

  const example = start(here, "examples/nightly-backup/start.ts", ...profile, ...args);
  const code = await example.ended;

  expect({ code, missing: says.filter((text) => !example.output().includes(text)) }).toEqual({
    code: exitCode,
    missing: [],
  });
  const noted = readFileSync(join(here.root, "home", "store", "running.json"), "utf8");
  const { url } = JSON.parse(noted) as { url: string };
  await expect(fetch(`${url}/health`)).rejects.toThrow("fetch failed");
});

test.for<[exitCode: number, args: string[], says: string]>([
  [0, ["--help"], "Usage: npm start -- [options]"],
  [2, ["--store-profile", "wild"], 'npm start: objectStore.profile: expected "none"'],
])("npm start exits with %i for %o and says so", SLOW, async ([exitCode, args, says]) => {
  const example = start(world(), "examples/nightly-backup/start.ts", ...args);

  expect(await example.ended).toBe(exitCode);
  expect(example.output() + example.log()).toContain(says);
});

test("a second start beside a backup is refused, and leaves it its store", SLOW, async () => {
  const here = world();
  const args = ["--store-profile", "nightly"];
  const first = start(here, "examples/nightly-backup/start.ts", ...args);
  await vi.waitFor(() => expect(first.log()).toContain('"upload archive" started'), 30_000);

  const pid = readFileSync(join(here.root, "home/nightly-backup.pid"), "utf8");
  const second = start(here, "examples/nightly-backup/start.ts", "--store-profile", "outage");

  expect(await second.ended).toBe(69);
  expect(second.log()).toContain(`npm start: process ${pid} on `);
  expect(await first.ended).toBe(0);
  expect(first.output()).toContain("2/2 tasks succeeded");
});

test("a backup that is stopped is told how to go on, in the words of npm start", SLOW, async () => {
  const example = start(world(), "examples/nightly-backup/start.ts", "--store-profile", "nightly");
  await vi.waitFor(() => expect(example.log()).toContain('"upload archive" started'), 30_000);
  example.child.kill("SIGTERM");

  expect(await example.ended).toBe(143);
  expect(example.output()).toContain("npm start -- --resume\n  npm start -- --rollback");
});
