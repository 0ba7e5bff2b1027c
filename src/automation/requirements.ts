/** What must be there before the first step. */

import { findBytes, type Size } from "../core/size.ts";
import {
  callable,
  list,
  readOptions,
  record,
  required,
  text,
  type Reader,
  type Settled,
} from "../core/options.ts";
import { OptionsError } from "../core/errors.ts";
import { show } from "../core/show.ts";

/** What an automation needs; all of it is checked before the first step, and all that lacks is told at once. */
export interface Requirements {
  /** Programs that must be found on the PATH. */
  readonly commands?: readonly string[] | undefined;
  /** Free space, by directory: `{ "/var/backups": "2GB" }`. */
  readonly free?: Readonly<Record<string, Size>> | undefined;
  /** Files and directories that must be writable. */
  readonly writable?: readonly string[] | undefined;
  /** Hosts that must accept a TCP connection: `"store.example:443"`. */
  readonly reachable?: readonly string[] | undefined;
  /** Environment variables that must be set and not empty. */
  readonly variables?: readonly string[] | undefined;
  /** A check of one's own: throws, or answers `false`, when something lacks. */
  readonly check?: ((signal: AbortSignal) => unknown) | undefined;
}

const names = list(required(text({ default: undefined }), "text"), { default: [] });

const READERS = {
  commands: names,
  free: record(readSize, { default: {} }),
  writable: names,
  reachable: list(readAddress, { default: [] }),
  variables: names,
  check: callable<(signal: AbortSignal) => unknown, undefined>({ default: undefined }),
} satisfies Record<keyof Requirements, Reader<unknown>>;

/** Requirements after reading: sizes in bytes, addresses apart. */
export type SettledRequirements = Settled<typeof READERS>;

/** Reads `requires`. */
export const readRequirements: Reader<SettledRequirements> = (value, path) =>
  readOptions(path, value ?? {}, READERS);

function readSize(value: unknown, path: string): number {
  const bytes = findBytes(value);
  if (bytes === undefined) {
    throw new OptionsError(path, `expected a size such as 500 or "2GB", received ${show(value)}`);
  }
  return bytes;
}

function readAddress(value: unknown, path: string): { host: string; port: number } {
  const [, host, port] =
    /^\[?([^\s\]]+?)\]?:(\d{1,5})$/.exec(typeof value === "string" ? value : "") ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new OptionsError(
      path,
      `expected an address such as "store.example:443", received ${show(value)}`,
    );
  }
  return { host, port: Number(port) };
}
