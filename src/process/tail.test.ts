import fc from "fast-check";
import { expect, test } from "vitest";
import { Tail } from "./tail.ts";

test("whatever the chunks, the last bytes are kept, and all are counted", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.array(fc.uint8Array({ maxLength: 9_000 }), { maxLength: 12 }),
      (limit, chunks) => {
        const tail = new Tail(limit);

        for (const chunk of chunks) tail.push(chunk);

        const all = Buffer.concat(chunks);
        expect(tail.bytes()).toEqual(all.subarray(Math.max(0, all.length - limit)));
        expect([tail.total, tail.isWhole]).toEqual([all.length, all.length <= limit]);
      },
    ),
  );
});

test("a chunk that is changed afterwards was copied", () => {
  const chunk = Buffer.from("before");
  const tail = new Tail(100);
  tail.push(chunk);

  chunk.fill("x");

  expect(tail.text()).toBe("before");
});

test.for([
  ["half a letter at the cut goes", "aé€b", 4, "€b"],
  ["the rest of three bytes goes", "€b", 3, "b"],
  ["the rest of four bytes goes", "😀b", 4, "b"],
  ["a letter at the cut stays whole", "a€", 3, "€"],
] as const)("text: %s", ([, written, limit, kept]) => {
  const tail = new Tail(limit);

  tail.push(Buffer.from(written));

  expect(tail.text()).toBe(kept);
});

test("bytes that are no UTF-8 are shown as such, at the start too when nothing was cut", () => {
  const tail = new Tail(10);

  tail.push(Buffer.from([0x80, 0x61, 0xff]));

  expect(tail.text()).toBe("\uFFFDa\uFFFD");
});
