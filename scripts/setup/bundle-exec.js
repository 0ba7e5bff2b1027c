/** Makes what `holdfast exec` starts with one file: each module costs every start of it half a millisecond. */

import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ENTRY = "exec-start";

/**
 * Puts the compiled `cli/exec-start.js`, and all that it imports, into one CommonJS file beside it, and
 * in its place what runs that file with the bytecode of an earlier start. What is loaded only when it is
 * needed goes into files of its own in the same folder: some find their neighbours by where they lie.
 * They are not minified, so that a stack trace can be read.
 *
 * @param {string} dist Where the package was compiled to.
 */
export async function bundleExec(dist) {
  // Not for every script of this project that has something to set up.
  const { rolldown } = await import("rolldown");
  const folder = join(dist, "cli");
  const common = {
    platform: /** @type {const} */ ("node"),
    external: /^[^./]/,
    checks: { ineffectiveDynamicImport: false },
  };
  const whole = await rolldown({
    ...common,
    input: { [ENTRY]: join(folder, `${ENTRY}.js`) },
    plugins: [{ name: "lazy-builtins", renderChunk: lazyBuiltins }],
  });
  await whole.write({
    dir: folder,
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: `${ENTRY}-[name].cjs`,
    codeSplitting: { groups: [{ name: "all", test: new RegExp(`/${ENTRY}\\.js$`) }] },
  });
  await whole.close();
  const loader = await rolldown({
    ...common,
    input: join(folder, "exec-kept.js"),
    plugins: [{ name: "sparing-builtins", renderChunk: sparingBuiltins }],
  });
  await loader.write({ file: join(folder, "exec-kept.js") });
  await loader.close();
  writeFileSync(join(folder, `${ENTRY}.js`), starter(wrapped(join(folder, `${ENTRY}-all.cjs`))));
  // Those of the files that stood here before.
  for (const name of [ENTRY, "exec-kept"]) rmSync(join(folder, `${name}.js.map`), { force: true });
}

/**
 * Puts the function around the file that Node puts around each CommonJS module, with every character in
 * one byte, for so it is read; and answers what it is then.
 *
 * @param {string} file
 */
function wrapped(file) {
  const text = readFileSync(file, "utf8");
  if (/String\.raw`[^`]*[^`\p{ASCII}]/u.test(text))
    throw new Error("String.raw would keep the escape");
  const body = text.replaceAll(/[^\p{ASCII}]/gu, (character) =>
    character.split("").map(escaped).join(""),
  );
  const code = `(function (exports, require, module, __filename, __dirname) { ${body}\n})`;
  writeFileSync(file, code);
  return code;
}

/** @param {string} half A character, or half of one that has two. */
function escaped(half) {
  return `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * What stands in the place of the entry.
 *
 * @param {string} all The code that it runs.
 */
function starter(all) {
  const sum = createHash("sha256").update(all).digest("hex").slice(0, 16);
  return `import { startKept } from "./exec-kept.js";

const path = process.getBuiltinModule("node:path").join(import.meta.dirname, "${ENTRY}-all.cjs");

export function startExec(words) {
  return startKept({ path, sum: "${sum}" }, words);
}
`;
}

/**
 * A module of Node's own is loaded when something of it is first used: loading all that are named
 * somewhere is a third of what a start costs.
 *
 * @param {string} code
 */
function lazyBuiltins(code) {
  let lazy = code;
  for (const [declaration, name, required] of code.matchAll(
    /^let (\w+) = (require\("node:.+"\));$/gm,
  )) {
    if (code.includes(`${name}.default`)) throw new Error(`import what is used of ${name} by name`);
    lazy = lazy
      .replace(declaration, "")
      .replace(new RegExp(`\\n${name} = __toESM\\(${name}(?:, 1)?\\);`), "")
      .replaceAll(new RegExp(`\\b${name}\\b`, "g"), `(${name}())`);
    lazy = `let ${name} = () => { const loaded = ${required}; ${name} = () => loaded; return loaded; };\n${lazy}`;
  }
  return lazy;
}

/**
 * An `import` of a module of Node's own reads all that it exports, and that loads what is behind each
 * of them. This reads what is named.
 *
 * @param {string} code
 */
function sparingBuiltins(code) {
  return code.replaceAll(
    /^import \{ (.+) \} from "(node:.+)";$/gm,
    (_, names, module) =>
      `const { ${names.replaceAll(" as ", ": ")} } = process.getBuiltinModule("${module}");`,
  );
}
