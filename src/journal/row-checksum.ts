/**
 * A checksum for each row, so that what a disk has changed is never taken for what was written.
 *
 * SQLite checks how its pages hang together, and not what they say. The record of a run or a step
 * names what it is of, so its checksum holds for both. Source: CRC-32 as in ISO 3309, by node:zlib.
 */

import { crc32 } from "node:zlib";

/** Of the record of a run or of a step, as it is kept. */
export function recordChecksum(record: string): number {
  return crc32(record);
}

/** Of who holds a run, and by which fence. */
export function holdChecksum(id: string, fence: number, owner: string | null): number {
  return crc32(`${id}\0${fence}\0${owner ?? ""}`);
}

/** A shared value as it is kept, key and value as `nameText` has them. */
export interface StateRow {
  readonly version: number;
  readonly key: string;
  readonly value: string;
  readonly written_at_ms: number;
}

/** Of a shared value. */
export function stateChecksum(row: StateRow): number {
  return crc32(`${row.version}\0${row.key}\0${row.written_at_ms}\0${row.value}`);
}
