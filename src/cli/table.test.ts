import fc from "fast-check";
import { expect, test } from "vitest";
import { columns, formatMoment } from "./table.ts";

test("columns are as wide as their widest cell, and no line ends in blanks", () => {
  const rows = [["RUN", "STATUS", "EXIT"], ["1", "succeeded", "0"], ["22222", "", ""], ["3"]];

  expect(columns(rows)).toBe("RUN    STATUS     EXIT\n1      succeeded  0\n22222\n3");
});

test("no rows are no lines", () => {
  expect(columns([])).toBe("");
});

test("every cell of a column begins at the same place", () => {
  const cell = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom("a", "b") });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
      const lines = columns(rows).split("\n");

      const places = lines.map((line) => [...line.matchAll(/\S+/g)].map(({ index }) => index));
      expect(places.every((place) => String(place) === String(places[0]))).toBe(true);
    }),
  );
});

test("a moment is told in local time, to the second", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 999);

  expect(formatMoment(at.getTime())).toBe("2026-01-02 03:04:05");
});
