/** Which files are automations, and what is said of those that are none. Real processes. */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place, steady, type Place } from "./cli-process.ts";

const IMPORT = 'import { automation } from "holdfast/automation";\n';
const REQUIRE = 'const { automation } = require("holdfast/automation");\n';
const PROGRAM = 'automation("demo", async (run) => { await run.step("only", () => 1); })';
const GOOD = `${IMPORT}export default ${PROGRAM};`;

type Files = Readonly<Record<string, string>>;

/** The first file is the automation. */
const GOOD_FILES: [what: string, files: Files][] = [
  [
    "TypeScript that imports all of holdfast, in a package without a type",
    {
      "a.ts": `import { retry, type Policy } from "holdfast";
        import { sqliteJournal } from "holdfast/journal";
        import { jsonLines } from "holdfast/observe";
        import { VirtualClock } from "holdfast/testing";
        const all: (Policy | object)[] = [retry(), sqliteJournal, jsonLines, VirtualClock];
        ${GOOD}
        if (all.includes(undefined!)) throw new Error("an entry is empty");`,
      "package.json": '{"name":"typeless"}',
    },
  ],
  [
    "TypeScript that imports its neighbours, in a path with spaces, signs and letters beyond ASCII",
    {
      "grün 100% #1?/a b.ts": `import { two } from "./ü/nächste.ts"; ${GOOD} two satisfies number;`,
      "grün 100% #1?/ü/nächste.ts":
        'import type { Run } from "holdfast/automation"; export const two: Run["id"] | number = 2;',
    },
  ],
  ["JavaScript", { "a.js": GOOD }],
  [".mts", { "a.mts": `const one: number = 1; ${GOOD} one;` }],
  [".mjs", { "a.mjs": GOOD }],
  ["CommonJS", { "a.cjs": `${REQUIRE}module.exports = ${PROGRAM};` }],
  [
    "CommonJS as compilers write it",
    {
      "a.cjs": `${REQUIRE}Object.defineProperty(exports, "__esModule", { value: true });
        exports.default = ${PROGRAM};`,
    },
  ],
  [
    "CommonJS in TypeScript",
    { "a.cts": `${REQUIRE}const one: number = 1; module.exports = ${PROGRAM};` },
  ],
  [
    "CommonJS in TypeScript whose package does not say so",
    { "a.ts": `${REQUIRE}module.exports = ${PROGRAM};`, "package.json": "{}" },
  ],
  [
    "TypeScript in a package that npm init made, which says that it is CommonJS",
    {
      "a.ts": `import type { Run } from "holdfast/automation"; import { two } from "./b.ts"; import { three } from "./c.js"; ${GOOD} if (two * three !== (6 as Run["input"])) throw new Error("not six");`,
      "b.ts": "const value: number = 2; export const two = value;",
      "c.js": "export const three = import.meta.dirname.length > 0 ? 3 : 0;",
      "package.json": '{"type":"commonjs"}',
    },
  ],
  [
    "JavaScript in a package that says that it is CommonJS",
    { "a.js": GOOD, "package.json": '{"type":"commonjs"}' },
  ],
  [
    "CommonJS in TypeScript in a package that says so",
    {
      "a.ts": `${REQUIRE}const { two } = require("./b.ts"); const one: number = two; module.exports = ${PROGRAM};`,
      "b.ts": 'import type { Run } from "holdfast/automation"; exports.two = 2 as Run["input"];',
      "package.json": '{"type":"commonjs"}',
    },
  ],
  [
    "one that imports a CommonJS package whose package.json has no type",
    {
      "a.ts": `import parts from "parts"; ${GOOD} if (parts.load() !== 5) throw new Error("not five");`,
      "node_modules/parts/package.json": '{"name":"parts","main":"main.js"}',
      "node_modules/parts/main.js": 'exports.load = () => require("./five");',
      "node_modules/parts/five.js": "module.exports = 5;",
    },
  ],
];

test.concurrent.for(GOOD_FILES)("runs %s, and prints no warning", async ([, files]) => {
  const at = place();
  const [first = ""] = Object.entries(files).map(([name, text]) => at.file(name, text));

  const ended = await holdfast(at, ["run", first]);

  expect({ ...ended, stdout: steady(ended.stdout, at), stderr: steady(ended.stderr, at) }).toEqual({
    exitCode: 0,
    stdout: "1/1 tasks succeeded: demo, run RUN, LENGTH\n",
    stderr: `TIME ·  Automation "demo" started, run RUN
TIME ·  Step "only" started
TIME ✓  Step "only" completed in LENGTH
`,
  });
});

const STRIP_ADVICE =
  "Enums, namespaces, parameter properties and import aliases have code of their own. Use const objects, modules and fields instead, or compile the file first; tsc's erasableSyntaxOnly finds them.";
const SYNTAX_ADVICE = "Fix the syntax; tsc --noEmit shows it in full.";
const EXPORT_ADVICE =
  'Write: export default automation("name", async (run) => { … }), with automation from "holdfast/automation".';
const IMPORT_ADVICE =
  "Install the package beside the file, or mend the path; relative imports need their ending, as in ./store.ts.";
const MODULE_ADVICE =
  'End its name in .mts or .mjs, or put "type": "module" into that package.json.';

/** The first file is what is run; the complaint is without "holdfast: <name>: ". */
const BAD_FILES: [what: string, files: Files, complaint: string][] = [
  ["that is not there", { "missing.ts": "" }, "there is no such file\nLooked for PLACE/missing.ts"],
  [
    "that is a directory",
    { directory: "" },
    "it is not a file\nName the file with the automation in it.",
  ],
  [
    "that is no module",
    { "a.txt": GOOD },
    'files ending in ".txt" cannot be loaded\nAutomations are written in TypeScript or JavaScript: .ts, .mts, .cts, .js, .mjs, .cjs',
  ],
  [
    "with an error in its syntax",
    { "a.ts": `${IMPORT}\nconst = 3;` },
    `it does not parse: Unexpected token \`=\`. Expected yield, an identifier, [ or { (PLACE/a.ts:3)\n${SYNTAX_ADVICE}`,
  ],
  [
    "in JavaScript with an error in its syntax",
    { "100%.js": `${IMPORT}\nconst = 3;` },
    `it does not parse: Unexpected token '=' (PLACE/100%.js:3)\n${SYNTAX_ADVICE}`,
  ],
  [
    "that imports a file with an error in its syntax",
    { "a.ts": 'import "./b.js";', "b.js": "\nconst = 3;" },
    `it does not parse: Unexpected token '=' (PLACE/b.js:2)\n${SYNTAX_ADVICE}`,
  ],
  [
    "with an enum",
    { "a.ts": "enum Colour { Red }" },
    `it uses TypeScript that cannot be stripped: TypeScript enum is not supported in strip-only mode (PLACE/a.ts:1)\n${STRIP_ADVICE}`,
  ],
  [
    "with a namespace",
    { "a.ts": "namespace Colours { export const red = 1; }" },
    `it uses TypeScript that cannot be stripped: TypeScript namespace declaration is not supported in strip-only mode (PLACE/a.ts:1)\n${STRIP_ADVICE}`,
  ],
  [
    "with a parameter property",
    { "a.ts": "\nclass Colour { constructor(readonly red: number) {} }" },
    `it uses TypeScript that cannot be stripped: TypeScript parameter property is not supported in strip-only mode (PLACE/a.ts:2)\n${STRIP_ADVICE}`,
  ],
  [
    "under node_modules",
    { "node_modules/parts/a.ts": GOOD },
    'TypeScript under node_modules is not run: Stripping types is currently unsupported for files under node_modules, for "PLACE/node_modules/parts/a.ts"\nMove the automation out of node_modules, or compile it to JavaScript first.',
  ],
  [
    "without a default export",
    { "a.ts": "export const a = 1;" },
    `it exports no automation\n${EXPORT_ADVICE}`,
  ],
  [
    "whose automation has another name",
    { "a.ts": `${IMPORT}export const nightly = ${PROGRAM};` },
    `its automation is exported as "nightly", not as the default\n${EXPORT_ADVICE}`,
  ],
  [
    "that fails while it is being loaded",
    { "a.ts": `${IMPORT}const none: any = undefined;\nnone.such.thing;` },
    `it failed while it was being loaded\nTypeError: Cannot read properties of undefined (reading 'such')\n    at PLACE/a.ts:3:6`,
  ],
  [
    "that throws text",
    { "a.ts": 'throw "no such thing";' },
    "it failed while it was being loaded\nno such thing",
  ],
  [
    "whose JSON does not parse",
    { "a.cjs": 'JSON.parse("");' },
    "it failed while it was being loaded\nSyntaxError: Unexpected end of JSON input\n    at JSON.parse (<anonymous>)\n    at Object.<anonymous> (PLACE/a.cjs:1:6)",
  ],
  [
    "whose automation has a wrong option",
    { "a.ts": `${IMPORT}export default automation("", () => {});` },
    'it failed while it was being loaded\nOptionsError: automation.name: expected text that is not empty, received ""\n    at PLACE/a.ts:2:16',
  ],
  [
    "that imports a file that is not there",
    { "a.ts": 'import "./store";' },
    `an import of it cannot be found: Cannot find module 'PLACE/store' imported from PLACE/a.ts\n${IMPORT_ADVICE}`,
  ],
  [
    "that requires a package that is not there",
    { "a.cjs": 'require("no-such-package");' },
    `an import of it cannot be found: Cannot find module 'no-such-package' Require stack: - PLACE/a.cjs\n${IMPORT_ADVICE}`,
  ],
  [
    "that imports what is not exported",
    { "a.ts": 'import { braker } from "holdfast";' },
    "it imports what is not exported: The requested module 'holdfast' does not provide an export named 'braker' (PLACE/a.ts:1)\nMend the name; tsc --noEmit lists all that do not fit.",
  ],
  [
    "that imports a part that holdfast has not",
    { "a.ts": 'import "holdfast/nothing";' },
    'there is no "holdfast/nothing"\nThere are holdfast, holdfast/automation, holdfast/journal, holdfast/observe, holdfast/otel, holdfast/testing.',
  ],
  [
    "that imports a package with an ES module in it, which says that it is CommonJS",
    {
      "a.ts": 'import "parts";',
      "node_modules/parts/package.json": '{"name":"parts","main":"main.js","type":"commonjs"}',
      "node_modules/parts/main.js": "export {};",
    },
    `it is an ES module, and its package.json says that it is CommonJS: Unexpected token 'export' (PLACE/node_modules/parts/main.js:1)\n${MODULE_ADVICE}`,
  ],
  [
    "that never finishes loading",
    { "a.ts": `await new Promise(() => {}); ${GOOD}` },
    "it waits for something that never comes while it is being loaded\nLook for an await outside of the automation's function, in the file and in what it imports.",
  ],
];

test.concurrent.for(BAD_FILES)("a file %s exits with 78", async ([, files, complaint]) => {
  const at = place();
  const [name = ""] = Object.keys(files);
  for (const [other, text] of Object.entries(files)) {
    if (other === "directory") at.file("directory/inside", "");
    else if (other !== "missing.ts") at.file(other, text);
  }

  const ended = await holdfast(at, ["run", name]);

  const { href } = new URL(`file://${encodeURI(at.root)}`);
  expect({ ...ended, stderr: steady(ended.stderr.replaceAll(href, at.root), at) }).toEqual({
    exitCode: 78,
    stdout: "",
    stderr: `holdfast: ${name}: ${complaint}\n`,
  });
});

test.concurrent("an automation that leaves a timer and a server open still exits", async () => {
  const at = place();
  const file = at.file(
    "open.ts",
    `import { createServer } from "node:net";
    setInterval(() => {}, 1_000);
    createServer().listen(0, "127.0.0.1");
    ${GOOD}`,
  );

  expect((await holdfast(at, ["run", file])).exitCode).toBe(0);
});

/** An automation that dies in its first start, imports its neighbours, and has a package. */
async function cutOff(at: Place): Promise<string> {
  const file = at.file(
    "a.ts",
    `${IMPORT}import "./b.ts"; import "./c.cjs"; import "parts";
    export default automation("demo", (run) =>
      run.step("crash", () => process.env.CRASH && process.kill(process.pid, "SIGKILL"), { undo() {} }));`,
  );
  at.file("b.ts", "export {};");
  at.file("c.cjs", "");
  at.file("node_modules/parts/package.json", '{"name":"parts","main":"main.js"}');
  at.file("node_modules/parts/main.js", "");
  expect((await holdfast(at, ["run", file], { CRASH: "1" })).exitCode).toBe(137);
  return file;
}

test.concurrent.for([
  ["the file itself", "a.ts"],
  ["a file that it imports", "b.ts"],
  ["a CommonJS file that it imports", "c.cjs"],
])("a run that was cut off is not resumed when %s changed", async ([, changed = ""]) => {
  const at = place();
  const file = await cutOff(at);

  appendFileSync(join(at.root, changed), "// Changed.\n");
  const ended = await holdfast(at, ["run", file]);

  expect({ exitCode: ended.exitCode, says: steady(ended.stderr, at).split("\n")[0] }).toEqual({
    exitCode: 82,
    says: `holdfast: Run RUN of "demo" was cut off, and the automation's code has changed since; choose: resume it, start fresh and leave its effects as they are, or roll it back`,
  });
});

test.concurrent("a run that was cut off is resumed when only a package changed", async () => {
  const at = place();
  const file = await cutOff(at);

  appendFileSync(join(at.root, "node_modules/parts/main.js"), "// Changed.\n");

  expect((await holdfast(at, ["run", file])).exitCode).toBe(0);
});
