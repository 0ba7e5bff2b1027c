import fc from "fast-check";
import { expect, test } from "vitest";
import { LiteralTree } from "./literal-tree.ts";

/** Few letters, so that texts begin alike and a node has to hand them down, often several times. */
const WORD = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 2, maxLength: 9 });

function treeOf(words: Iterable<string>): LiteralTree {
  const tree = new LiteralTree();
  for (const word of words) tree.add(word);
  return tree;
}

/** The lengths that trying all of them would find. */
function expected(words: ReadonlySet<string>, text: string): number[] {
  return Array.from(text, (_, index) => {
    const found = [...words].filter((word) => text.startsWith(word, index));
    return Math.max(0, ...found.map((word) => word.length));
  });
}

test("the longest text at a place is found, whatever was added and deleted", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(WORD, { maxLength: 60 }),
      fc.uniqueArray(WORD, { maxLength: 30 }),
      fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 }),
      (words, deleted, text) => {
        const tree = treeOf(words);

        for (const word of deleted) tree.delete(word);

        const left = new Set(words).difference(new Set(deleted));
        const lengths = Array.from(text, (_, index) => tree.lengthAt(text, index));
        expect([lengths, tree.isEmpty]).toEqual([expected(left, text), left.size === 0]);
      },
    ),
    { numRuns: 5_000 },
  );
});

test("a beginning is told from the whole", () => {
  fc.assert(
    fc.property(fc.uniqueArray(WORD, { maxLength: 60 }), WORD, (words, start) => {
      const isBeginning = words.some((word) => word !== start && word.startsWith(start));

      expect(treeOf(words).hasLonger(start)).toBe(isBeginning);
    }),
    { numRuns: 5_000 },
  );
});

test("texts that have very much in common are found too", () => {
  const words = Array.from({ length: 20 }, (_, index) => `${"a".repeat(100_000)}${index}`);
  const tree = treeOf(words);

  const lengths = words.map((word) => tree.lengthAt(word, 0));

  expect(lengths).toEqual(words.map(({ length }) => length));
});
