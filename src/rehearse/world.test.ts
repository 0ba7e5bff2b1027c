import { expect, test } from "vitest";
import { isOutside } from "./world.ts";

test.for<[path: string, outside: boolean]>([
  ["orders", false],
  ["./a/../orders", false],
  ["..orders", false],
  ["..", true],
  ["../orders", true],
  ["../workshop", true],
  ["/etc/orders", true],
])("%s is outside of a run's own directory: %s", ([path, outside]) => {
  expect(isOutside(path)).toBe(outside);
});
