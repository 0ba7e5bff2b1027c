import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function linesOf(...chunks: readonly (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

test.for([
  ["nothing", [""], []],
  ["no newline at the end", ["a\nb"], ["a", "b"]],
  ["empty lines", ["\n\na\n"], ["", "", "a"]],
  ["carriage returns", ["a\r\nb\rc\n"], ["a", "b\rc"]],
  ["a letter over two chunks", [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], ["é"]],
] as const)("%s", ([, chunks, lines]) => {
  expect(linesOf(...chunks)).toEqual(lines);
});

test("where the chunks are cut makes no difference", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r") });
  fc.assert(
    fc.property(text, fc.nat(40), (whole, at) => {
      const bytes = Buffer.from(whole);
      expect(linesOf(bytes.subarray(0, at), bytes.subarray(at))).toEqual(linesOf(bytes));
    }),
  );
});

test("a line without an end comes in pieces, so that it is not gathered without bound", () => {
  const lines = linesOf("x".repeat(65_536), "x".repeat(70_000), "\ny");

  expect(lines.map(({ length }) => length)).toEqual([65_536, 65_536, 4_464, 1]);
});
