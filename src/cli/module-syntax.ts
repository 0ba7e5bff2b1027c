/**
 * Whether a file is written as an ES module, whatever its package.json says: `npm init` puts
 * `"type": "commonjs"` there, and an automation begins with `import`.
 */

import { stripTypeScriptTypes } from "node:module";
import { compileFunction } from "node:vm";

const COMMONJS_NAMES = ["exports", "require", "module", "__filename", "__dirname"];

/**
 * Whether `source`, in TypeScript or JavaScript, is to be loaded as an ES module: it does not compile
 * as CommonJS. What compiles as neither is one too, and whoever loads it says where. Never throws.
 */
export function isModuleSyntax(source: string): boolean {
  const script = withoutTypes(source);
  if (script === undefined) return false;
  try {
    compileFunction(script, COMMONJS_NAMES);
    return false;
  } catch {
    return true;
  }
}

/** `undefined` where Node cannot take the types out. */
function withoutTypes(source: string): string | undefined {
  try {
    return stripTypeScriptTypes(source);
  } catch {
    return undefined;
  }
}
