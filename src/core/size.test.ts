import fc from "fast-check";
import { expect, test } from "vitest";
import { findBytes, formatBytes } from "./size.ts";

test.for<[input: unknown, bytes: number]>([
  [0, 0],
  [512, 512],
  ["5B", 5],
  ["1kB", 1_000],
  ["1KB", 1_000],
  ["500MB", 500_000_000],
  ["2GB", 2_000_000_000],
  ["1.5TB", 1_500_000_000_000],
  ["1KiB", 1_024],
  ["1MiB", 1_048_576],
  ["1GiB", 1_073_741_824],
  ["1TiB", 1_099_511_627_776],
])("%o is %d bytes", ([input, bytes]) => {
  expect(findBytes(input)).toBe(bytes);
});

test.for([
  [-1],
  [NaN],
  [Infinity],
  ["5"],
  ["MB"],
  ["5 MB"],
  ["5mb"],
  ["5M"],
  ["-5MB"],
  ["1e3MB"],
  ["5PB"],
  ["5constructor"],
  [`${"9".repeat(400)}TB`],
  [null],
  [undefined],
  [{}],
])("%o is no size", ([input]) => {
  expect(findBytes(input)).toBeUndefined();
});

test.for<[bytes: number, text: string]>([
  [0, "0 B"],
  [999, "999 B"],
  [999.96, "1 kB"],
  [1_000, "1 kB"],
  [1_440, "1.4 kB"],
  [999_949, "999.9 kB"],
  [999_950, "1 MB"],
  [2_000_000, "2 MB"],
  [1_400_000_000, "1.4 GB"],
  [3e12, "3 TB"],
  [5e15, "5000 TB"],
])("%d bytes are shown as %o", ([bytes, text]) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("a shown size is within five hundredths of its unit of the real one", () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const text = formatBytes(bytes).replace(" ", "");
      const unit = findBytes(text.replace(/^[\d.]+/, "1")) ?? NaN;

      expect(Math.abs((findBytes(text) ?? NaN) - bytes)).toBeLessThanOrEqual(unit * 0.0501);
    }),
    { numRuns: 10_000 },
  );
});
