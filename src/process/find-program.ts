/** Where a program is, and why a command could not be started. */

import { closeSync, openSync, readSync, statSync, type Stats } from "node:fs";
import { delimiter, resolve } from "node:path";
import { isExecutable } from "./is-executable.ts";

/** What of a command is not as it must be; an `ENOENT` of the system says the same for each. */
export interface StartProblem {
  readonly what: "program" | "working directory" | "interpreter";
  readonly path: string;
  /** Whether it is missing, or may not be used. */
  readonly code: "ENOENT" | "EACCES";
}

/** Where a command would be started. */
export interface StartPlace {
  readonly program: string;
  readonly cwd: string;
  readonly path: string | undefined;
}

/** The file that would be run, as execvp(3) looks it up; `undefined` when there is none. */
export function findProgram({ program, cwd, path }: StartPlace): string | undefined {
  if (program.includes("/")) {
    const file = resolve(cwd, program);
    return isFile(file) ? file : undefined;
  }
  const files = (path ?? "/usr/bin:/bin")
    .split(delimiter)
    .map((directory) => resolve(cwd, directory, program))
    .filter(isFile);
  return files.find(isExecutable) ?? files[0];
}

/** Why the system would not start it; `undefined` when nothing is found to be wrong any more. */
export function findStartProblem(place: StartPlace): StartProblem | undefined {
  const { cwd, program } = place;
  if (!isDirectory(cwd)) return { what: "working directory", path: cwd, code: "ENOENT" };
  const file = findProgram(place);
  if (file === undefined) return { what: "program", path: program, code: codeOfNone(place) };
  if (!isExecutable(file)) return { what: "program", path: file, code: "EACCES" };
  const path = readInterpreter(file);
  if (path === undefined || (isFile(path) && isExecutable(path))) return undefined;
  return { what: "interpreter", path, code: isFile(path) ? "EACCES" : "ENOENT" };
}

/** A directory is there, and is no program. */
function codeOfNone({ program, cwd }: StartPlace): StartProblem["code"] {
  return program.includes("/") && isDirectory(resolve(cwd, program)) ? "EACCES" : "ENOENT";
}

/**
 * What stands after `#!`, up to a blank or the end of the line: a carriage return is part of the name.
 * The kernel reads no more than 256 bytes of it: execve(2).
 */
function readInterpreter(file: string): string | undefined {
  const start = Buffer.alloc(256);
  try {
    const descriptor = openSync(file, "r");
    try {
      const length = readSync(descriptor, start);
      return /^#![ \t]*([^ \t\n\0]+)/.exec(start.toString("utf8", 0, length))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined; // It may be run without being readable.
  }
}

function isFile(path: string): boolean {
  return findStats(path)?.isFile() === true;
}

function isDirectory(path: string): boolean {
  return findStats(path)?.isDirectory() === true;
}

function findStats(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // Not there, or nobody may look.
  }
}
