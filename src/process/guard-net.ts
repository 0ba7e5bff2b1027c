/** Whether a connection or a listener is permitted, from the many ways in which Node lets one ask for it. */

import { resolve } from "node:path";
import { PermissionDeniedError } from "../core/errors.ts";
import { admitsAddress } from "../core/permissions.ts";
import { refuse } from "./refusal.ts";

/** What is connected to or listened on; neither for what is open already. */
interface Target {
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** @throws {PermissionDeniedError} */
export function checkConnection(allowed: readonly string[], words: readonly unknown[]): void {
  const { path, host = "localhost", port } = targetOf(words);
  if (path !== undefined) return checkFile(path, "write");
  if (port === undefined || admitsAddress(allowed, { host, port })) return;
  refuse(new PermissionDeniedError(`Connecting to ${host}:${port}`, "net", addressOf(host, port)));
}

/** @throws {PermissionDeniedError} */
export function checkListener(allowed: readonly string[], words: readonly unknown[]): void {
  const { path, host = "*", port = words.some(isHandle) ? undefined : 0 } = targetOf(words);
  if (path !== undefined) return checkFile(path, "write");
  if (port === undefined || admitsAddress(allowed, { host, port })) return;
  refuse(new PermissionDeniedError(`Listening on ${host}:${port}`, "net", addressOf(host, port)));
}

/** A socket or a database is a file. @throws {PermissionDeniedError} */
export function checkFile(path: string, permission: "read" | "write"): void {
  const file = resolve(path);
  if (process.permission?.has(`fs.${permission}`, file) !== false) return;
  refuse(new PermissionDeniedError(`Opening ${file}`, permission, file));
}

/** Node's own calls hand the words on as one array. */
function targetOf(words: readonly unknown[]): Target {
  const [first, second] = Array.isArray(words[0]) ? (words[0] as unknown[]) : words;
  if (typeof first === "object" && first !== null) {
    const { path, host, port } = first as Record<string, unknown>;
    return {
      path: textOf(path),
      host: textOf(host),
      port: port === undefined ? undefined : Number(port),
    };
  }
  if (typeof first === "string" && !/^\d+$/.test(first)) return { path: first };
  if (first === undefined || typeof first === "function") return {};
  return { host: textOf(second), port: Number(first) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What was opened by another process, or is open already. */
function isHandle(word: unknown): boolean {
  return typeof word === "object" && word !== null && ("fd" in word || "_handle" in word);
}

function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
