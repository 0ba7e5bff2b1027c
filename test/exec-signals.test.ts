/** Signals that `holdfast exec` hands on: real processes. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { place, start } from "./cli-process.ts";

const isSupervisable = process.platform === "linux" && existsSync("/usr/bin/perl");

test.for(["SIGUSR1", "SIGUSR2", "SIGQUIT"] as const)(
  "%s reaches the command, and not what it started; holdfast goes on",
  async (signal) => {
    const at = place();
    // The child would die of it.
    const line = `trap 'echo got; kill $child; exit 7' ${signal.slice(3)}
      sleep 600 & child=$!; echo begun >&2; wait $child; echo the child died; exit 8`;
    const log = join(at.root, "log.jsonl");
    const running = start(at, ["exec", "--log", log, "--", "sh", "-c", line]);
    await running.heard("begun");

    running.child.kill(signal);
    const { exitCode, stdout } = await running.ended;

    const held = /"data":(\{"level":.*?\})/.exec(readFileSync(log, "utf8"))?.[1];
    expect({ exitCode, stdout, held }).toEqual({
      exitCode: 7,
      stdout: "got\n",
      held: `{"level":"${isSupervisable ? "supervised" : "marked"}"}`,
    });
  },
);
