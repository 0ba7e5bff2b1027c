import fc from "fast-check";
import { expect, test } from "vitest";
import { fit, widthOf } from "./width.ts";

test.for<[text: string, columns: number]>([
  ["", 0],
  ["upload", 6],
  ["höher", 5],
  ["ho\u0308her", 5],
  ["日本", 4],
  ["⚡ up", 5],
  ["한글", 4],
  ["Ａ", 2],
  ["⠋ a", 3],
])("%j takes %i columns", ([text, columns]) => {
  expect(widthOf(text)).toBe(columns);
});

test.for<[text: string, columns: number, fitted: string]>([
  ["upload", 6, "upload"],
  ["upload", 5, "uplo…"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["upload", 1, "…"],
  ["upload", 0, ""],
  ["upload", -3, ""],
])("%j in %i columns is %j", ([text, columns, fitted]) => {
  expect(fit(text, columns)).toBe(fitted);
});

test("what is fitted is never wider than it may be, and what fits stays as it is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 0, max: 20 }),
      (text, columns) => {
        const fitted = fit(text, columns);

        expect(widthOf(fitted)).toBeLessThanOrEqual(columns);
        if (widthOf(text) <= columns) expect(fitted).toBe(text);
      },
    ),
  );
});
