/** Reads the files that an automation imports from beside it. */

import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseModule } from "./ecma-parse.ts";
import type { FindModule, ModuleFile } from "./module-names.ts";

/** An automation is hardly made of more files, and hardly of longer ones. */
const MOST_FILES = 200;
const MAX_BYTES = 500_000;

/** Each file is read once. What is missing, too long or no module Node could run is `undefined`. */
export function moduleFiles(): FindModule {
  const known = new Map<string, ModuleFile | undefined>();
  return (specifier, from) => {
    const path = placeOf(resolve(dirname(from), specifier));
    if (path === undefined || known.has(path)) return known.get(path ?? "");
    if (known.size >= MOST_FILES) return undefined;
    const file = readModule(path);
    known.set(path, file);
    return file;
  };
}

/** As Node finds it, and as compilers and bundlers do: `./a.js` that is written in `a.ts`, `./a`. */
function placeOf(path: string): string | undefined {
  const written = path.replace(/\.(?<letter>[mc]?)js$/, ".$<letter>ts");
  const candidates = [path, written, `${path}.ts`, `${path}.js`, `${path}/index.ts`];
  const found = candidates.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
  return found === undefined ? undefined : realpathSync(found);
}

function readModule(path: string): ModuleFile | undefined {
  try {
    if (statSync(path).size > MAX_BYTES) return undefined;
    return { path, program: parseModule(readFileSync(path, "utf8")) };
  } catch {
    // What it does cannot be known: then nothing is said of it.
    return undefined;
  }
}
