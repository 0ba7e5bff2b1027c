import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test.for<[what: string, text: string, shown: string]>([
  ["plain text, line ends and tabs", "a\tü ✓\n日本", "a\tü ✓\n日本"],
  ["colours", "\u001b[1;31mred\u001b[0m", "red"],
  ["a cleared screen", "\u001b[2J\u001b[Hgone", "gone"],
  ["a link", "\u001b]8;;http://a\u0007text\u001b]8;;\u0007", "text"],
  ["a line that is written over", "real\rfake", "realfake"],
  ["a bell, a backspace, a lone escape, C1", "\u0007\b\u001b\u009b", ""],
])("%s", ([, text, shown]) => {
  expect(printable(text)).toBe(shown);
});
