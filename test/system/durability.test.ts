/**
 * What docs/durability.md promises of a full disk, on one that is really full: a small tmpfs. To mount
 * one takes root, or user namespaces (`unshare -Urm`).
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixture } from "../cli-process.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const root = mkdtempSync(join(tmpdir(), "holdfast-full-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs a shell in mounts of its own, with a tmpfs at `disk`. */
function onSmallDisk(size: string, script: string) {
  const disk = join(root, "disk");
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    [
      "-Urm",
      "sh",
      "-c",
      `mkdir -p "$DISK" && mount -t tmpfs -o size=${size} none "$DISK" && ${script}`,
    ],
    {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        HOME: disk,
        HOLDFAST_HOME: join(disk, "home"),
        DISK: disk,
        NODE: process.execPath,
        MAIN,
        FILLER: fixture("fills-disk.ts"),
      },
    },
  );
  return { status, stdout, stderr };
}

const canMount = onSmallDisk("1m", "true").status === 0;
const why = canMount ? "" : " (skipped: a tmpfs cannot be mounted here)";

describe.runIf(canMount)(`on a tmpfs${why}`, () => {
  test.for([
    ["fails", 10, 80, "failed"],
    ["succeeds", 10, 0, "succeeded"],
    // A journal whose log grew with each of them would be without room after forty.
    ["fails", 100, 80, "failed"],
  ] as const)(
    "D9 a run that %s on a full disk, %i steps later, has its end on the disk",
    ([ending, steps, exitCode, status]) => {
      const input = JSON.stringify({ ending, steps });
      const { stdout, stderr } = onSmallDisk(
        "5m",
        `{ "$NODE" "$MAIN" run "$FILLER" --input '${input}' > /dev/null; echo "exit $?"
        ls "$HOLDFAST_HOME"; "$NODE" "$MAIN" runs --json; rm "$DISK/junk"
        "$NODE" "$MAIN" run "$FILLER" --input '{"ending":"idle"}' > /dev/null; ls "$HOLDFAST_HOME"; }`,
      );

      const [exit, ...lines] = stdout.split("\n");
      const json = lines.slice(lines.indexOf("{"), lines.lastIndexOf("}") + 1).join("\n");
      const [run] = (JSON.parse(json) as { runs: { status: string; exitCode: number }[] }).runs;
      expect({ exit, status: run?.status, code: run?.exitCode }).toEqual({
        exit: `exit ${exitCode}`,
        status,
        code: exitCode,
      });
      expect(stderr).toContain("its ballast of 1 MB was given up, so that runs can end");
      expect(lines.slice(0, lines.indexOf("{"))).not.toContain("holdfast.ballast");
      expect(lines.slice(lines.lastIndexOf("}"))).toContain("holdfast.ballast");
    },
  );

  test("D8 without ballast a write that does not fit is told, and what was before is there", () => {
    const { stdout, stderr } = onSmallDisk(
      "2m",
      `{ head -c 600000 /dev/zero > "$DISK/pad"; "$NODE" "$MAIN" run "$FILLER" --input '{"ending":"succeeds"}' > /dev/null
        echo "exit $?"; ls "$HOLDFAST_HOME"; "$NODE" "$MAIN" runs --json; rm "$DISK/junk" "$DISK/pad"
        "$NODE" "$MAIN" doctor > /dev/null; echo "doctor $?"; }`,
    );

    expect(stdout).toMatch(/^exit 74$/m);
    expect(stdout).toContain('"status": "running"');
    expect(stdout).toMatch(/^doctor 1$/m);
    expect(stderr).toContain("cannot grow, for its disk is full: free some space there");
  });

  test("D15 where there is no room to read it, doctor and backup say so, and a copy is made", () => {
    const { stdout } = onSmallDisk(
      "2m",
      `{ "$NODE" "$MAIN" run "$FILLER" --input '{"ending":"idle"}' > /dev/null; cd "$HOLDFAST_HOME"
        sha256sum holdfast.db; head -c 4m /dev/zero > "$DISK/pad"
        "$NODE" "$MAIN" doctor; echo "doctor $?"
        "$NODE" "$MAIN" backup "$DISK.backup" 2>&1; echo "backup $?"
        "$NODE" "$MAIN" doctor --save "$DISK.saved"; echo "saved $?"; sha256sum holdfast.db; }`,
    );

    const said = stdout.replaceAll(/^\s*holdfast: /gm, "").split("\n");
    const full =
      /^(✗ journal: )?Journal .*holdfast\.db cannot grow, for its disk is full: free some/;
    expect(said.filter((line) => full.test(line))).toHaveLength(2);
    expect(said.filter((line) => /^(doctor|backup|saved) \d+$/.test(line))).toEqual([
      "doctor 74",
      "backup 74",
      "saved 0",
    ]);
    const sums = said.filter((line) => line.endsWith("  holdfast.db"));
    expect([sums.length, new Set(sums).size]).toEqual([2, 1]);
  });
});
