/** What `holdfast learn` proposes is enough inside bubblewrap, too. */

import { expect, test } from "vitest";
import { holdfast, place } from "../cli-process.ts";
import { learning, needed } from "../permissions/learning.ts";

test("what it proposes is what was used, and enough, as the kernel keeps it", async () => {
  const at = place();
  const words = ["learn", ...learning(at), "--check", "--json", "--require-sandbox"];

  const ended = await holdfast(at, words, { STORE_TOKEN: "a token" });

  expect([ended.exitCode, JSON.parse(ended.stdout)]).toEqual([
    0,
    { schema: 1, automation: "uses", permissions: needed(at), unused: [], isComplete: true },
  ]);
  expect(ended.stderr).toContain("Permissions are kept by the kernel (bubblewrap)");
});
