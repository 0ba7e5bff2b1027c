/**
 * What an automation or a command may touch, and nothing else. Who keeps it to that is not said here:
 * Node's permission model, bubblewrap, or both.
 */

import { OptionsError } from "./errors.ts";
import { list, readOptions, type Reader, type Settled } from "./options.ts";
import { show } from "./show.ts";

/** Names what is needed; what is not named is refused. Every list is empty by default. */
export interface Permissions {
  /** Absolute paths of files and directories, these with all that is in them. */
  readonly read?: readonly string[] | undefined;
  /** The same, to be written, and read too. Directories must be there; `read` need not name them. */
  readonly write?: readonly string[] | undefined;
  /** Programs, by name (`"tar"`) or by absolute path. */
  readonly run?: readonly string[] | undefined;
  /**
   * Addresses to connect to or to listen on: `"store.example:443"`, `"127.0.0.1:8080"`. `*` stands for
   * any host or any port.
   */
  readonly net?: readonly string[] | undefined;
  /** Variables of the environment, by name. */
  readonly env?: readonly string[] | undefined;
}

/** The kinds of permission. */
export type PermissionName = keyof Permissions;

const NONE: readonly string[] = [];

const READERS = {
  read: list(readPath, { default: NONE }),
  write: list(readPath, { default: NONE }),
  run: list(readProgram, { default: NONE }),
  net: list(readAddress, { default: NONE }),
  env: list(readVariable, { default: NONE }),
} satisfies Record<PermissionName, Reader<unknown>>;

/** Every kind, in the order of the page. */
export const PERMISSION_NAMES = Object.keys(READERS) as readonly PermissionName[];

/** Permissions as they were read: every list is there. */
export type SettledPermissions = Settled<typeof READERS>;

/** Reads `permissions`; what was not given stays `undefined`, for then nothing is limited. */
export const readPermissions: Reader<SettledPermissions | undefined> = (value, path) =>
  value === undefined ? undefined : readOptions(path, value, READERS);

/** All that either of them allows. */
export function bothPermissions(
  one: SettledPermissions,
  other: SettledPermissions,
): SettledPermissions {
  return Object.fromEntries(
    PERMISSION_NAMES.map((name) => [name, [...new Set([...one[name], ...other[name]])]]),
  ) as unknown as SettledPermissions;
}

/** A path by its text alone: absolute, without `.` and `..`, and no pattern, for Node would take it for one. */
export function readPath(value: unknown, path: string): string {
  const isPath = typeof value === "string" && /^\/[^*\0]*$/.test(value);
  if (!isPath || value.split("/").some((part) => part === "." || part === "..")) {
    return refuse(path, 'an absolute path without "..", such as "/srv/data"', value);
  }
  return value.replace(/(?!^)\/+$/, "").replaceAll(/\/{2,}/g, "/");
}

function readProgram(value: unknown, path: string): string {
  if (typeof value === "string" && /^(\/.*)?[^\s/]+$/.test(value)) return value;
  return refuse(path, 'a program such as "tar" or "/usr/bin/tar"', value);
}

/** An address by its text, in lower case. @throws {OptionsError} */
export function readAddress(value: unknown, path: string): string {
  const port = /^[^\s*]+:(\d{1,5}|\*)$|^\*:(\d{1,5}|\*)$/.exec(String(value));
  if (typeof value === "string" && port !== null && !(Number(port[1] ?? port[2]) > 65_535)) {
    return value.toLowerCase();
  }
  return refuse(path, 'an address such as "store.example:443" or "*:8080"', value);
}

function readVariable(value: unknown, path: string): string {
  if (typeof value === "string" && /^[A-Za-z_]\w*$/.test(value)) return value;
  return refuse(path, 'the name of a variable, such as "STORE_TOKEN"', value);
}

function refuse(path: string, expected: string, value: unknown): never {
  throw new OptionsError(path, `expected ${expected}, received ${show(value)}`);
}

/** Whether `path` is one of `paths` or lies in one of them. All are absolute. */
export function isWithin(path: string, paths: readonly string[]): boolean {
  return paths.some((top) => path === top || path.startsWith(top.endsWith("/") ? top : `${top}/`));
}

/** Whether one of `allowed` is this address. */
export function admitsAddress(
  allowed: readonly string[],
  { host, port }: { readonly host: string; readonly port: number },
): boolean {
  const name = host.toLowerCase();
  return allowed.some((entry) => {
    const colon = entry.lastIndexOf(":");
    const [wantedHost, wantedPort] = [entry.slice(0, colon), entry.slice(colon + 1)];
    const isHost = wantedHost === "*" || wantedHost.replace(/^\[(.*)\]$/, "$1") === name;
    return isHost && (wantedPort === "*" || Number(wantedPort) === port);
  });
}

/** Whether one of `allowed` is this program: a name stands for the program of that name anywhere. */
export function admitsProgram(allowed: readonly string[], program: string): boolean {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return allowed.some((entry) => entry === program || entry === name);
}
