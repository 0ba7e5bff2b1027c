import fc from "fast-check";
import { expect, test } from "vitest";
import { wordsOf } from "./words.ts";

function words({ raw }: TemplateStringsArray, ...values: readonly unknown[]): string[] {
  return wordsOf(raw, values);
}

test.for([
  ["spaces part words", words`  tar  -cf	a.tar .  `, ["tar", "-cf", "a.tar", "."]],
  [
    "a command may take several lines",
    words`tar
    -cf`,
    ["tar", "-cf"],
  ],
  ["quotes hold them together", words`a "b c" 'd e' f"g h"i`, ["a", "b c", "d e", "fg hi"]],
  ["empty quotes are a word", words`a "" ''`, ["a", "", ""]],
  [
    "a shell's letters are letters within quotes",
    words`a '|*$HOME' "x > y"`,
    ["a", "|*$HOME", "x > y"],
  ],
  [
    "backslashes",
    words`a\ b "c\"d\\e\f" '\g' h\|`,
    ["a b", String.raw`c"d\e\f`, String.raw`\g`, "h|"],
  ],
  [
    "a newline after a backslash is nothing",
    words`a b\
c "d\
e"`,
    ["a", "bc", "de"],
  ],
  ["the braces of find", words`find . -exec echo {} \;`, ["find", ".", "-exec", "echo", "{}", ";"]],
  ["marks within a word", words`a#b c~d`, ["a#b", "c~d"]],
  ["a value is one word", words`a ${"b c; $(d)"} e`, ["a", "b c; $(d)", "e"]],
  ["an empty value is a word", words`a ${""}`, ["a", ""]],
  ["a value joins what it touches", words`--file=${"x y"}.tar`, ["--file=x y.tar"]],
  ["values touch", words`${"a"}${"b"}`, ["ab"]],
  ["a value within quotes", words`"a ${"b"} c"`, ["a b c"]],
  ["numbers", words`head -n ${5} ${10n}`, ["head", "-n", "5", "10"]],
  ["an array is so many words", words`a ${["b c", 1]} d`, ["a", "b c", "1", "d"]],
  ["an empty array is none", words`a ${[]} d`, ["a", "d"]],
  ["an array's ends join what they touch", words`x${["1", "2"]}y`, ["x1", "2y"]],
] as const)("%s", ([, read, expected]) => {
  expect(read).toEqual(expected);
});

test.for([
  ["a pipe", () => words`a | b`],
  ["a redirection", () => words`a > b`],
  ["a variable", () => words`echo $HOME`],
  ["a glob", () => words`rm *.log`],
  ["another glob", () => words`rm a?`],
  ["a home", () => words`ls ~/x`],
  ["a comment", () => words`ls #x`],
  ["braces", () => words`ls a{b,c}`],
  ["two commands", () => words`a; b`],
  ["in the background", () => words`a &`],
  ["a subshell", () => words`(a)`],
  ["an open quote", () => words`a "b`],
  ["undefined", () => words`a ${undefined}`],
  ["false", () => words`a ${false}`],
  ["no number", () => words`a ${Number.NaN}`],
  ["an object", () => words`a ${{}}`],
  ["undefined in an array", () => words`a ${[undefined]}`],
  ["an array within quotes", () => words`"a ${["b"]}"`],
] as const)("refused: %s", ([, read]) => {
  expect(read).toThrow(expect.objectContaining({ code: "OPTIONS_INVALID" }));
});

test("no value, whatever it holds, is ever cut or changed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      expect(wordsOf(["a ", " b"], [value])).toEqual(["a", value, "b"]);
    }),
  );
});
