/**
 * Runs a CommonJS file with the bytecode that it was compiled to by an earlier process. Node's own
 * compile cache keeps what is compiled before the file runs, which leaves out nearly all: a function is
 * compiled when it is first called. This keeps what had been compiled when the process ended.
 */

import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";
import { crc32 } from "node:zlib";

/** What is run. */
export interface CodeFile {
  /**
   * Where a CommonJS file lies, in ASCII, that already stands in the function that Node puts around such a module:
   * `(function (exports, require, module, __filename, __dirname) { … })`.
   */
  readonly path: string;
  /** The sum of its content, in characters of a file's name: V8 looks at the length alone. */
  readonly sum: string;
}

/** The exports of a file, and what keeps its bytecode for the next process. */
export interface KeptCode {
  readonly exports: Readonly<Record<string, unknown>>;
  /** Whether an earlier process had kept it. */
  readonly isKept: boolean;
  /** For the end of a process that did what most do. Does nothing where it cannot, or need not. */
  readonly keep: () => void;
}

/**
 * Runs the file, and answers its exports.
 *
 * @param directory Where bytecode is kept; `undefined` for nowhere. Nobody else may write in it.
 * @throws Whatever the file throws.
 */
export function runKept({ path, sum }: CodeFile, directory: string | undefined): KeptCode {
  const kept = directory && join(directory, nameOf(sum));
  const cachedData = kept === undefined ? undefined : readSealed(kept);
  const script = new Script(readFileSync(path, "latin1"), {
    filename: path,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const isKept = cachedData !== undefined && script.cachedDataRejected === false;
  return {
    exports: evaluate(script, path),
    isKept,
    keep: () => {
      if (kept !== undefined && !isKept) writeSealed(kept, script.createCachedData());
    },
  };
}

/** What the file is: what Node puts around a CommonJS module. */
type Wrapper = (...parts: readonly unknown[]) => void;

/** What the file itself requires later, and what requires the file, meets this one. */
function evaluate(script: Script, path: string): KeptCode["exports"] {
  const require = createRequire(path);
  const module = { id: path, filename: path, loaded: true, exports: {} };
  require.cache[path] = module as NodeJS.Module;
  const wrapper = script.runInThisContext() as Wrapper;
  wrapper(module.exports, require, module, path, dirname(path));
  return module.exports;
}

const ENDING = ".bytecode";

/** V8 takes back what it made under the same flags alone. */
function nameOf(sum: string): string {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join("\0");
  return `${sum}-${process.version}-${process.arch}-${crc32(flags).toString(16)}${ENDING}`;
}

/** What V8 is given is not looked at by it: a torn file would be run. */
const SUM_BYTES = 4;

function readSealed(file: string): Buffer | undefined {
  try {
    const sealed = readFileSync(file);
    const data = sealed.subarray(SUM_BYTES);
    return sealed.readUInt32LE() === crc32(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function writeSealed(file: string, data: Buffer): void {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32LE(crc32(data));
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, Buffer.concat([sum, data]), { mode: 0o600 });
    renameSync(draft, file);
    removeOld(dirname(file));
  } catch {
    rmSync(draft, { force: true });
  }
}

/** One for each version of holdfast and of Node that this user has in use; more have had their day. */
const MOST_KEPT = 4;

/** Drafts of processes that were killed count, too. */
function removeOld(directory: string): void {
  const kept = readdirSync(directory)
    .filter((name) => name.includes(ENDING))
    .map((name) => ({ name, writtenMs: statSync(join(directory, name)).mtimeMs }))
    .toSorted((one, other) => other.writtenMs - one.writtenMs);
  for (const { name } of kept.slice(MOST_KEPT)) rmSync(join(directory, name), { force: true });
}
