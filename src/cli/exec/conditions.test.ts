import fc from "fast-check";
import { expect, test } from "vitest";
import type { CommandEnd } from "../../core/command-end.ts";
import { isNamed, readConditions, readExpected } from "./conditions.ts";

const END: CommandEnd = {
  argv: ["x"],
  exitCode: 3,
  signal: undefined,
  stdout: "out",
  stderr: "err",
  durationMs: 1,
};

const names = (text: string, end: Partial<CommandEnd>) =>
  isNamed({ ...END, ...end }, readConditions(text, "retryOn"), false);

test("a range names the codes in it, both ends included, and no others", () => {
  const code = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(code, code, code, (a, b, exitCode) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      expect(names(`${from}-${to}`, { exitCode })).toBe(from <= exitCode && exitCode <= to);
    }),
  );
});

test.for([
  ["1, 3", {}, true],
  ["1,2", {}, false],
  ["SIGKILL", { exitCode: undefined, signal: "SIGKILL" }, true],
  ["SIGTERM", { exitCode: undefined, signal: "SIGKILL" }, false],
  ["1-255", { exitCode: undefined, signal: "SIGKILL" }, false],
  ["/^ERR$/i", {}, true],
  ["/^ERR$/", {}, false],
  ["/out/", {}, true],
  ["/a,b/", { stderr: "a,b" }, true],
] as const)("%s for %o: %s", ([text, end, expected]) => {
  expect(names(text, end)).toBe(expected);
});

test.for(["", "0", "256", "5-3", "x", "1,,2", "sigkill", "/(/", "/x/g", "//"])(
  "%j is none",
  (text) => {
    expect(() => readConditions(text, "exec.retryOn")).toThrow("exec.retryOn: ");
  },
);

test("what is expected is text as it stands, or a pattern", () => {
  const found = [
    readExpected("a.c", "x")("abc"),
    readExpected("a.c", "x")("-a.c-"),
    readExpected("/a.c/", "x")("abc"),
    readExpected("/etc", "x")("in /etc"),
  ];

  expect(found).toEqual([false, true, true, true]);
});
