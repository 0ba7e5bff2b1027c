import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Turns } from "./turns.ts";

test.for<[what: string, lastsMs: number, mostMs: number, order: string[]]>([
  ["one after the other", 100, 60_000, ["a", "a ends", "b", "b ends"]],
  ["side by side when the first takes long", 3_000, 60_000, ["a", "b", "a ends", "b ends"]],
  ["side by side when the second cannot wait", 100, 50, ["a", "b", "a ends", "b ends"]],
])("works are done %s", async ([, lastsMs, mostMs, order]) => {
  const clock = new VirtualClock();
  const turns = new Turns(clock);
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(name);
    await clock.sleep(lastsMs);
    log.push(`${name} ends`);
  };

  await clock.settle(() => Promise.all(["a", "b"].map((name) => turns.take(work(name), mostMs))));
  await clock.settle(() => turns.take(work("c"), mostMs));

  expect(log).toEqual([...order, "c", "c ends"]);
});
