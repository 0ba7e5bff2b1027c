/** Amounts of bytes as people write them. */

/** A number of bytes, or text such as `"500MB"`, `"2GB"` (powers of 1000) or `"1GiB"` (of 1024). */
export type Size =
  | number
  | `${number}${"B" | "kB" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB"}`;

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

/** The bytes that `input` stands for, or `undefined` when it is not a size. */
export function findBytes(input: unknown): number | undefined {
  if (typeof input === "number") return Number.isFinite(input) && input >= 0 ? input : undefined;
  if (typeof input !== "string") return undefined;
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)([a-zA-Z]+)$/.exec(input) ?? [];
  const bytes = Number(amount) * (BYTES_PER_UNIT.get(unit) ?? NaN);
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** From here on a size has the next unit: 999 950 bytes would be shown as 1000 kB. */
const ROUNDS_UP = 0.999_95;

/** Bytes as short text for people: `"1.4 GB"`. */
export function formatBytes(bytes: number): string {
  const [unit, perUnit] = (
    [
      ["TB", 1e12],
      ["GB", 1e9],
      ["MB", 1e6],
      ["kB", 1e3],
    ] as const
  ).find(([, size]) => bytes >= size * ROUNDS_UP) ?? ["B", 1];
  return `${Number((bytes / perUnit).toFixed(1))} ${unit}`;
}
