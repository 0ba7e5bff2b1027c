/** Makes what `holdfast exec` starts with one file: each module costs every start of it half a millisecond. */

import { rmSync } from "node:fs";
import { join } from "node:path";

const ENTRY = "exec-start";

/**
 * Puts the compiled `cli/exec-start.js`, and all that it imports, into one file in its place. What is
 * loaded only when it is needed goes into files beside it, in the same folder: some find their
 * neighbours by where they lie. It is not minified, so that a stack trace can be read.
 *
 * @param {string} dist Where the package was compiled to.
 */
export async function bundleExec(dist) {
  // Not for every script of this project that has something to set up.
  const { rolldown } = await import("rolldown");
  const folder = join(dist, "cli");
  const bundle = await rolldown({
    input: { [ENTRY]: join(folder, `${ENTRY}.js`) },
    platform: "node",
    external: /^[^./]/,
    checks: { ineffectiveDynamicImport: false },
    plugins: [{ name: "sparing-builtins", renderChunk: sparingBuiltins }],
  });
  await bundle.write({
    dir: folder,
    entryFileNames: "[name].js",
    chunkFileNames: `${ENTRY}-[name].js`,
    codeSplitting: { groups: [{ name: "all", test: new RegExp(`/${ENTRY}\\.js$`) }] },
  });
  await bundle.close();
  // That of the file that stood here before.
  rmSync(join(folder, `${ENTRY}.js.map`), { force: true });
}

/**
 * An `import` of a module of Node's own reads all that it exports, and that loads what is behind each
 * of them: a third of what a start costs. This reads what is named.
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
