/** What a refusal of Node's permission model says, in the words of `permissions`. Pure. */

import type { PermissionName } from "./permissions.ts";

/** Which permission was lacking, and for what. */
export interface Denial {
  readonly permission: PermissionName;
  /** The path, program, address or variable; missing where the refusal does not tell it. */
  readonly value?: string | undefined;
}

/** What Node calls them. Its others cannot be had: they would lead out of all the rest. */
const NODE_NAMES: Readonly<Record<string, PermissionName>> = {
  FileSystemRead: "read",
  FileSystemWrite: "write",
  ChildProcess: "run",
};

/** What `error` was refused for, where it is a refusal; Node's or our own. Never throws. */
export function denialOf(error: unknown): Denial | undefined {
  try {
    const { code, permission, resource, value } = error as Record<string, unknown>;
    const told = code === "PERMISSION_DENIED" ? value : resource;
    const name = code === "ERR_ACCESS_DENIED" ? NODE_NAMES[String(permission)] : permission;
    if (code !== "PERMISSION_DENIED" && code !== "ERR_ACCESS_DENIED") return undefined;
    if (name === undefined) return undefined;
    const rest = typeof told === "string" && told !== "" ? { value: told } : {};
    return { permission: name as PermissionName, ...rest };
  } catch {
    // Nothing, or what refuses to be read, is no refusal of a permission.
    return undefined;
  }
}

/** The codes of faults that a run ends with exit code 77 for. */
export const DENIED_CODES: readonly string[] = ["PERMISSION_DENIED", "ERR_ACCESS_DENIED"];
