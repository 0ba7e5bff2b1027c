/**
 * Runs that are killed while their journal's disk is really full: a small tmpfs for each. To mount one
 * takes root, or user namespaces (`unshare -Urm`). The whole of it, thousands of kills, is
 * `test/crash/many-kills.ts --full-disk`.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Progress } from "../crash/many/campaign.ts";
import { NO_COUNTS } from "../crash/many/counts.ts";

const SCRIPT = join(import.meta.dirname, "../crash/many-kills.ts");
const KILLS = 20;

const canMount = spawnSync("unshare", ["-Urm", "true"]).status === 0;

test.runIf(canMount)(
  "killed on a full disk, with ballast and without, runs end as was promised",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-full-kills-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const state = join(directory, "state.json");
    const seed = process.env["HOLDFAST_SEED"] ?? "2026";
    const words = ["--full-disk", "--kills", String(KILLS), "--seed", seed, "--state", state];

    const { status, stdout } = spawnSync(
      "unshare",
      ["-Urm", process.execPath, SCRIPT, ...words, "--directory", directory],
      { encoding: "utf8", env: { PATH: process.env["PATH"] } },
    );

    const found = stdout.split("\n").filter((line) => /^(✗| {4})/.test(line));
    expect({ status, seed, found }).toEqual({ status: 0, seed, found: [] });
    const { counts } = JSON.parse(readFileSync(state, "utf8")) as Progress;
    const { kills, deaths, problems, disk } = counts;
    expect({ kills, problems }).toEqual({ kills: KILLS, problems: NO_COUNTS.problems });
    // The disk refused what was to be written, ballast was given up and made, and processes died meanwhile.
    const kinds = Object.keys(disk?.diedAt ?? {});
    expect([disk?.refusals, disk?.released, disk?.made].map((count) => (count ?? 0) > 0)).toEqual([
      true,
      true,
      true,
    ]);
    expect([deaths > KILLS, kinds.includes("after the refusal"), kinds.length > 8]).toEqual([
      true,
      true,
      true,
    ]);
  },
);
