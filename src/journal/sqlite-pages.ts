/**
 * The rows of a SQLite file, found without its trees: page by page, for files whose trees are broken.
 *
 * Pages that SQLite has freed are left out, for they hold rows as they were once. What is found is not
 * checked: that is for whoever knows its checksums. Source: sqlite.org/fileformat2.html.
 */

/** A value in a row. */
export type Cell = string | number | null;

/** That of every journal. */
const PAGE_BYTES = 4_096;
const TABLE_LEAF = 0x0d;
const FILE_HEADER_BYTES = 100;
/** More than any row of ours has, so that a broken length takes no memory. */
const MAX_PAYLOAD_BYTES = 64 * 2 ** 20;

/**
 * Finds all rows that can be made out, in the order of the file.
 *
 * @yields The row's number, then its values.
 */
export function* findRows(file: Buffer): Generator<readonly Cell[]> {
  const pages = Math.floor(file.length / PAGE_BYTES);
  const free = freePages(file, pages);
  for (let number = 1; number <= pages; number++) {
    if (!free.has(number)) yield* rowsOfPage(file, number);
  }
}

function pageAt(file: Buffer, number: number): Buffer {
  return file.subarray((number - 1) * PAGE_BYTES, number * PAGE_BYTES);
}

function freePages(file: Buffer, pages: number): Set<number> {
  const free = new Set<number>();
  if (file.length < FILE_HEADER_BYTES) return free;
  let trunk = file.readUInt32BE(32);
  while (trunk > 0 && trunk <= pages && !free.has(trunk)) {
    free.add(trunk);
    const page = pageAt(file, trunk);
    const count = Math.min(page.readUInt32BE(4), PAGE_BYTES / 4 - 2);
    for (let index = 0; index < count; index++) free.add(page.readUInt32BE(8 + 4 * index));
    trunk = page.readUInt32BE(0);
  }
  return free;
}

function* rowsOfPage(file: Buffer, number: number): Generator<readonly Cell[]> {
  const page = pageAt(file, number);
  const begin = number === 1 ? FILE_HEADER_BYTES : 0;
  if (page[begin] !== TABLE_LEAF) return;
  const cells = Math.min(page.readUInt16BE(begin + 3), PAGE_BYTES / 4);
  for (let index = 0; index < cells; index++) {
    const at = page.readUInt16BE(begin + 8 + 2 * index);
    const row = at < PAGE_BYTES - 4 ? findRow(file, page, at) : undefined;
    if (row !== undefined) yield row;
  }
}

/** The row of a cell, or `undefined` when it cannot be made out. */
function findRow(file: Buffer, page: Buffer, at: number): readonly Cell[] | undefined {
  try {
    const length = varintAt(page, at);
    const number = varintAt(page, length.end);
    if (length.value > MAX_PAYLOAD_BYTES) return undefined;
    const payload = payloadAt(file, page, number.end, length.value);
    return payload === undefined ? undefined : [number.value, ...valuesOf(payload)];
  } catch (error) {
    // A length that is broken leads out of the page.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What a cell holds: in its page as far as it fits, then in a chain of others. */
function payloadAt(file: Buffer, page: Buffer, at: number, length: number): Buffer | undefined {
  const local = localBytes(length);
  const parts = [page.subarray(at, at + local)];
  if (local === length) return parts[0];
  let left = length - local;
  let next = page.readUInt32BE(at + local);
  while (left > 0) {
    const more = pageAt(file, next);
    if (next === 0 || more.length < PAGE_BYTES) return undefined;
    parts.push(more.subarray(4, 4 + Math.min(left, PAGE_BYTES - 4)));
    left -= PAGE_BYTES - 4;
    next = more.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** The format's own rule for how much of a row stands in its leaf. */
function localBytes(length: number): number {
  const most = PAGE_BYTES - 35;
  if (length <= most) return length;
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (PAGE_BYTES - 4));
  return fitting <= most ? fitting : least;
}

function valuesOf(payload: Buffer): Cell[] {
  const header = varintAt(payload, 0);
  const values: Cell[] = [];
  let at = header.value;
  for (let next = header.end; next < header.value;) {
    const type = varintAt(payload, next);
    next = type.end;
    const bytes = bytesOf(type.value);
    values.push(valueAt(payload, at, type.value));
    at += bytes;
  }
  return values;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function bytesOf(type: number): number {
  return INTEGER_BYTES[type] ?? Math.floor((type - 12) / 2);
}

function valueAt(payload: Buffer, at: number, type: number): Cell {
  if (type === 0) return null;
  if (type === 7) return payload.readDoubleBE(at);
  if (type === 8 || type === 9) return type - 8;
  if (type === 6) return Number(payload.readBigInt64BE(at));
  if (type < 7) return payload.readIntBE(at, bytesOf(type));
  return payload.toString("utf8", at, at + bytesOf(type));
}

function varintAt(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = bytes.readUInt8(at + index);
    if (index === 8) return { value: value * 256 + byte, end: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return { value, end: at + 9 };
}
