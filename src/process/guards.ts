/**
 * Keeps the code of this process to its permissions where Node's own model does not look: the network,
 * programs by name, variables, and `node:sqlite`. A seat belt: it names what an honest program lacks.
 * What would get around it, the kernel has to hold.
 */

import { PermissionDeniedError } from "../core/errors.ts";
import { admitsProgram, type SettledPermissions } from "../core/permissions.ts";
import childProcess from "node:child_process";
import dgram from "node:dgram";
import { createRequire, registerHooks, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { extname } from "node:path";
import { refuse } from "./refusal.ts";
import { findCommand, isOwnProgram } from "./own-program.ts";
import { checkConnection, checkListener } from "./guard-net.ts";

/** What the process was started without. */
export interface Guarded {
  readonly permissions: SettledPermissions;
  /** The names of variables that are set outside and were not handed on. */
  readonly heldBack: readonly string[];
  /** Is told of each program before it is started. Default: nobody is. */
  readonly onProgram?: ((started: StartedProgram) => void) | undefined;
}

/** A program as it was asked for. */
export interface StartedProgram {
  readonly program: string;
  /** Its arguments, the program's own name among them or not. */
  readonly words: readonly string[];
  /** Where it was said in which directory. */
  readonly cwd?: string | undefined;
}

/** Sets all guards, for as long as the process lives. */
export function setGuards({ permissions, heldBack, onProgram }: Guarded): void {
  guardEnvironment(heldBack);
  guardNetwork(permissions);
  guardPrograms(permissions, onProgram);
  guardDatabases();
  // What was imported by name before sees them too.
  syncBuiltinESMExports();
}

/** Only to read a variable is refused: libraries look whether one is there, and list them all. */
function guardEnvironment(heldBack: readonly string[]): void {
  const own = process.env;
  const refused = new Map(heldBack.map((name) => [name, own[name]]));
  process.env = new Proxy(own, {
    get(env, name) {
      // What the code itself has set is its own.
      if (typeof name === "string" && refused.has(name) && refused.get(name) === env[name]) {
        refuse(new PermissionDeniedError(`Reading the variable ${name}`, "env", name));
      }
      return Reflect.get(env, name) as unknown;
    },
    // Where it is handed on after all, to learn who reads it.
    ownKeys: (env) =>
      Reflect.ownKeys(env).filter(
        (name) => typeof name !== "string" || !refused.has(name) || refused.get(name) !== env[name],
      ),
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
      refuse(new PermissionDeniedError("A socket for datagrams", "net", "*:*"));
    }
  };
  for (const name of ["bind", "connect", "send"])
    before(dgram.Socket.prototype, name, refuseDatagrams);
}

function guardPrograms({ run }: SettledPermissions, onProgram: Guarded["onProgram"]): void {
  const check = (program: unknown, words: unknown, cwd: unknown) => {
    onProgram?.({ program: String(program), words: textsOf(words), cwd: textsOf([cwd])[0] });
    if (admitsProgram(run, String(program))) return;
    const name = String(program).replace(/^.*\//, "");
    refuse(new PermissionDeniedError(`Running ${String(program)}`, "run", name));
  };
  // All of the asynchronous ones end here; the others have no place in common.
  const { prototype } = childProcess.ChildProcess as unknown as { prototype: object };
  before(prototype, "spawn", ([options]) => {
    const { file, args, cwd } = options as { file: unknown; args: unknown; cwd: unknown };
    const command = findCommand(options as object);
    if (command !== undefined) check(command[0], command, cwd);
    else if (!isOwnProgram(options)) check(file, args, cwd);
  });
  for (const name of ["spawnSync", "execFileSync"]) {
    before(childProcess, name, ([file, ...rest]) => {
      const options = rest.findLast((word) => typeof word === "object" && !Array.isArray(word));
      if (!isOwnProgram(options))
        check(shellOf(options) ?? file, [file, rest[0]].flat(), cwdOf(options));
    });
  }
  before(process, "execve", ([file, words]) => check(file, words, undefined));
  before(childProcess, "execSync", ([command, options]) =>
    check(shellOf(options) ?? "/bin/sh", [command], cwdOf(options)),
  );
}

function textsOf(words: unknown): string[] {
  const given: readonly unknown[] = Array.isArray(words) ? words : [];
  return given.filter((word) => typeof word === "string");
}

function cwdOf(options: unknown): unknown {
  return (options as { cwd?: unknown } | null | undefined)?.cwd;
}

function shellOf(options: unknown): string | undefined {
  const { shell } = (options ?? {}) as { shell?: string | boolean };
  return shell === true ? "/bin/sh" : shell === false ? undefined : shell;
}

/** Its names are bound when it is imported, so another module stands in its place. */
function guardDatabases(): void {
  const file = `./guarded-sqlite${extname(import.meta.url)}`;
  const { href } = new URL(import.meta.resolve(file));
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "node:sqlite" && context.parentURL !== href
        ? { url: href, shortCircuit: true }
        : next(specifier, context),
  });
  // Who asks for it past all imports gets it once the other module has changed it.
  before(process, "getBuiltinModule", ([name]) => {
    if (name === "sqlite" || name === "node:sqlite") createRequire(import.meta.url)(file);
  });
}
