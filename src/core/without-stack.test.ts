import { expect, test } from "vitest";
import { withoutStack } from "./without-stack.ts";

test("an error that is made so has its first line for a stack, and the next one a whole one", () => {
  const refused = withoutStack(() => new RangeError("no"));

  expect(refused.stack).toBe("RangeError: no");
  expect(new Error("yes").stack).toContain("without-stack.test.ts");
});

test("what making it throws is thrown, and the next error has its stack", () => {
  const fail = () =>
    withoutStack(() => {
      throw new TypeError("odd");
    });

  expect(fail).toThrow("odd");
  expect(new Error("yes").stack).toContain("without-stack.test.ts");
});
