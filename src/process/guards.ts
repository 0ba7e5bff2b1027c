/**
 * Keeps the code of this process to its permissions where Node's own model does not look: the network,
 * programs by name, variables, and `node:sqlite`. A seat belt: it names what an honest program lacks.
 * What would get around it, the kernel has to hold.
 */

import { PermissionDeniedError } from "../core/errors.ts";
import { admitsProgram, type SettledPermissions } from "../core/permissions.ts";
import childProcess from "node:child_process";
import dgram from "node:dgram";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { extname } from "node:path";
import { checkConnection, checkListener } from "./guard-net.ts";

/** What the process was started without. */
export interface Guarded {
  readonly permissions: SettledPermissions;
  /** The names of variables that are set outside and were not handed on. */
  readonly heldBack: readonly string[];
}

/** Sets all guards, for as long as the process lives. */
export function setGuards({ permissions, heldBack }: Guarded): void {
  guardEnvironment(heldBack);
  guardNetwork(permissions);
  guardPrograms(permissions);
  guardDatabases();
  // What was imported by name before sees them too.
  syncBuiltinESMExports();
}

/** Only to read a variable is refused: libraries look whether one is there, and list them all. */
function guardEnvironment(heldBack: readonly string[]): void {
  const refused = new Set(heldBack);
  process.env = new Proxy(process.env, {
    get(env, name) {
      if (typeof name === "string" && refused.has(name) && !Object.hasOwn(env, name)) {
        throw new PermissionDeniedError(`Reading the variable ${name}`, "env", name);
      }
      return Reflect.get(env, name) as unknown;
    },
  });
}

type Anything = (...words: unknown[]) => unknown;

/** Puts `check` before a method. */
function before<Owner extends object>(
  owner: Owner,
  name: string,
  check: (words: readonly unknown[]) => void,
): void {
  const methods = owner as Record<string, Anything>;
  const own = methods[name] as Anything;
  methods[name] = function guarded(this: unknown, ...words: unknown[]) {
    check(words);
    return own.apply(this, words);
  };
}

function guardNetwork({ net: allowed }: SettledPermissions): void {
  before(net.Socket.prototype, "connect", (words) => checkConnection(allowed, words));
  before(net.Server.prototype, "listen", (words) => checkListener(allowed, words));
  const refuseDatagrams = () => {
    if (!allowed.includes("*:*")) {
      throw new PermissionDeniedError("A socket for datagrams", "net", "*:*");
    }
  };
  for (const name of ["bind", "connect", "send"])
    before(dgram.Socket.prototype, name, refuseDatagrams);
}

function guardPrograms({ run }: SettledPermissions): void {
  const check = (program: unknown) => {
    if (admitsProgram(run, String(program))) return;
    const name = String(program).replace(/^.*\//, "");
    throw new PermissionDeniedError(`Running ${String(program)}`, "run", name);
  };
  // All of the asynchronous ones end here; the others have no place in common.
  const { prototype } = childProcess.ChildProcess as unknown as { prototype: object };
  before(prototype, "spawn", ([options]) => check((options as { file: unknown }).file));
  for (const name of ["spawnSync", "execFileSync"]) {
    before(childProcess, name, ([file, , options]) => check(shellOf(options) ?? file));
  }
  before(childProcess, "execSync", ([, options]) => check(shellOf(options) ?? "/bin/sh"));
}

function shellOf(options: unknown): string | undefined {
  const { shell } = (options ?? {}) as { shell?: string | boolean };
  return shell === true ? "/bin/sh" : shell === false ? undefined : shell;
}

/** Its names are bound when it is imported, so another module stands in its place. */
function guardDatabases(): void {
  const { href } = new URL(import.meta.resolve(`./guarded-sqlite${extname(import.meta.url)}`));
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "node:sqlite" && context.parentURL !== href
        ? { url: href, shortCircuit: true }
        : next(specifier, context),
  });
}
