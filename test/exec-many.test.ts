/** Some of what `node test/exec/many.ts` plays by the thousand: random commands under `holdfast exec`. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { seededDice } from "../src/core/dice.ts";
import { drawCase } from "./exec/case.ts";
import { play } from "./exec/play.ts";

const RUNS = 40;
const SIZES = { mostBytes: 40_000_000, largeOneIn: 20 };

test("exit codes, every byte, who was left behind and the memory are as they must be", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-many-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const failed: string[] = [];
  const work = async (from: number): Promise<void> => {
    const [directory, home] = [join(root, `${from}`), join(root, `home-${from}`)];
    mkdirSync(directory);
    for (let at = from; at < RUNS; at += 2) {
      const one = drawCase(seededDice(`test/${at}`), SIZES, join(directory, "pid"));
      const { problems } = await play(one, directory, home);
      if (problems.length > 0) failed.push(`${at}: ${problems.join("; ")} ${JSON.stringify(one)}`);
    }
  };

  await Promise.all([work(0), work(1)]);

  expect(failed).toEqual([]);
}, 180_000);
