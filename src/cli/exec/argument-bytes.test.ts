import { expect, test } from "vitest";
import { checkArgumentBytes } from "./argument-bytes.ts";

/** How a process is told to have been called. */
const called = (...words: (string | Buffer)[]) =>
  Buffer.concat(words.flatMap((word) => [Buffer.from(word as string), Buffer.from([0])]));

const BROKEN = Buffer.from([0x61, 0xff, 0x62]);

test("an argument that is no UTF-8 is refused, for the command would get another one", () => {
  expect(() =>
    checkArgumentBytes(["ls", "a\uFFFDb"], () => called("node", "main.ts", "ls", BROKEN)),
  ).toThrow('argument 2, "a\uFFFDb", is no UTF-8');
});

test.for<[why: string, words: string[], read: () => Buffer | undefined]>([
  ["the sign itself", ["a\uFFFDb"], () => called("node", "a\uFFFDb")],
  ["text of any language", ["ü", "文"], () => called("node", "ü", "文")],
  ["an empty argument beside the sign", ["", "\uFFFD"], () => called("node", "", "\uFFFD")],
  ["where the system does not tell", ["\uFFFD"], () => undefined],
])("%s passes", ([, words, read]) => {
  expect(() => checkArgumentBytes(words, read)).not.toThrow();
});
