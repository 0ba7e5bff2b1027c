import { expect, test } from "vitest";
import { loggerTo } from "./logger.ts";

test("there is one method per level", () => {
  const written: unknown[][] = [];
  const log = loggerTo((...record) => written.push(record));

  log.debug("a");
  log.info("b", 1);
  log.warning("c");
  log.error("d", { e: 2 });
  log.critical("f");

  expect(written).toEqual([
    ["DEBUG", "a", undefined],
    ["INFO", "b", 1],
    ["WARNING", "c", undefined],
    ["ERROR", "d", { e: 2 }],
    ["CRITICAL", "f", undefined],
  ]);
});
