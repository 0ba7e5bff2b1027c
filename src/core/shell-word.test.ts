import { expect, test } from "vitest";
import { quoted, shellWord } from "./shell-word.ts";

test.for<[text: string, word: string]>([
  ["nightly.ts", "nightly.ts"],
  ["/srv/a-b_c/1,2:3@4+5%.ts", "/srv/a-b_c/1,2:3@4+5%.ts"],
  ["charge=absent", "charge=absent"],
  ["", "''"],
  ["a b", "'a b'"],
  ["$HOME", "'$HOME'"],
  ["it's", `'it'\\''s'`],
  ["ü", "'ü'"],
  ["a\nb", "'a\nb'"],
])("%j is the word %s", ([text, word]) => {
  expect(shellWord(text)).toBe(word);
});

test("quoted is quoted, needed or not", () => {
  expect(quoted("a")).toBe("'a'");
});
