import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { expect, test } from "vitest";
import { inspect } from "./house/inspect.ts";
import { ROOMS } from "./house/rooms.ts";

const SRC = join(import.meta.dirname, "..", "src");

function readSource(): Map<string, string> {
  const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [relative(SRC, file).replaceAll(sep, "/"), readFileSync(file, "utf8")]),
  );
}

test("the source keeps the rules of the house", () => {
  const files = readSource();

  const problems = inspect(files);

  expect(files.size).toBeGreaterThan(10);
  expect(problems).toEqual([]);
});

test("every room that is imported is a room", () => {
  const named = Object.values(ROOMS).flatMap(({ mayImport }) => mayImport);

  expect(named.filter((name) => ROOMS[name] === undefined)).toEqual([]);
});

test("no two rooms import each other, also not through others", () => {
  /** All that a room reaches. */
  function reached(name: string, seen: ReadonlySet<string> = new Set()): Set<string> {
    const next = (ROOMS[name]?.mayImport ?? []).filter((other) => !seen.has(other));
    return next.reduce((all, other) => reached(other, new Set([...all, other])), new Set(seen));
  }

  expect(Object.keys(ROOMS).filter((name) => reached(name).has(name))).toEqual([]);
});

const PLANTED: [what: string, path: string, text: string, problems: string[]][] = [
  [
    "an import",
    "core/a.ts",
    'import { b } from "../journal/b.ts";',
    ["core/a.ts:1 imports journal, which core may not"],
  ],
  [
    "an imported type",
    "journal/a.ts",
    '\nimport type { B } from "../policies/b.ts";',
    ["journal/a.ts:2 imports policies, which journal may not"],
  ],
  [
    "a type imported in place",
    "testing/a.ts",
    'let b: import("../journal/b.ts").B;',
    ["testing/a.ts:1 imports journal, which testing may not"],
  ],
  [
    "a re-export",
    "index.ts",
    '/* … */ export * from "./automation/index.ts";',
    ["index.ts:1 imports automation, which . may not"],
  ],
  [
    "a named re-export",
    "observe/a.ts",
    'export { b } from "../classify/b.ts";',
    ["observe/a.ts:1 imports classify, which observe may not"],
  ],
  [
    "an import for its effect",
    "policies/a.ts",
    'import "../heal/b.ts";',
    ["policies/a.ts:1 imports heal, which policies may not"],
  ],
  [
    "a dynamic import",
    "automation/a.ts",
    'const b = await import("../cli/b.ts");',
    ["automation/a.ts:1 imports cli, which automation may not"],
  ],
  [
    "a dynamic import of a template",
    "core/a.ts",
    "const b = await import(`../cli/b.ts`);",
    ["core/a.ts:1 imports cli, which core may not"],
  ],
  [
    "an import that the program computes",
    "journal/a.ts",
    "const b = await import(name);",
    ["journal/a.ts:1 imports a file that the program names itself"],
  ],
  [
    "a file outside src",
    "cli/a.ts",
    'import b from "../../package.json";',
    ["cli/a.ts:1 imports ../../package.json, which is outside src"],
  ],
  [
    "its own package",
    "observe/a.ts",
    'import { retry } from "holdfast";',
    ["observe/a.ts:1 imports its own package by name"],
  ],
  [
    "a package",
    "journal/a.ts",
    'import { Queue } from "bullmq/queue";',
    ["journal/a.ts:1 imports the package bullmq, which journal may not"],
  ],
  [
    "a package with a scope",
    "core/a.ts",
    'import { trace } from "@opentelemetry/api/x";',
    ["core/a.ts:1 imports the package @opentelemetry/api, which core may not"],
  ],
  [
    "a Node module in core",
    "core/a.ts",
    'import fs from "node:fs";',
    ["core/a.ts:1 imports node:fs in a room that has no Node"],
  ],
  [
    "a Node module in classify",
    "classify/a.ts",
    'import type { B } from "node:fs";',
    ["classify/a.ts:1 imports node:fs in a room that has no Node"],
  ],
  [
    "a Node module in policies",
    "policies/a.ts",
    'const a = await import("node:fs");',
    ["policies/a.ts:1 imports node:fs in a room that has no Node"],
  ],
  [
    "a room that is none",
    "tools/a.ts",
    "const a = 1;",
    ['tools/a.ts:1 stands in "tools", which is no room'],
  ],
  [
    "a timer",
    "cli/a.ts",
    "setTimeout(run, 5); setInterval(run);",
    [
      "cli/a.ts:1 touches setTimeout outside core/system.ts",
      "cli/a.ts:1 touches setInterval outside core/system.ts",
    ],
  ],
  [
    "a timer by way of the global object",
    "cli/a.ts",
    'globalThis["setTimeout"](run, 5);',
    ["cli/a.ts:1 touches setTimeout outside core/system.ts"],
  ],
  [
    "a module of timers",
    "cli/a.ts",
    'import { setTimeout } from "node:timers/promises";',
    ["cli/a.ts:1 touches node:timers/promises outside core/system.ts"],
  ],
  [
    "the time",
    "core/a.ts",
    "const a = [Date.now(), new Date(), Date(), performance.now()];",
    [
      "core/a.ts:1 touches Date.now outside core/system.ts",
      "core/a.ts:1 touches Date() outside core/system.ts",
      "core/a.ts:1 touches Date() outside core/system.ts",
      "core/a.ts:1 touches performance outside core/system.ts",
    ],
  ],
  [
    "the process's time",
    "journal/a.ts",
    "const a = process.hrtime.bigint() + process.uptime();",
    [
      "journal/a.ts:1 touches process.hrtime outside core/system.ts",
      "journal/a.ts:1 touches process.uptime outside core/system.ts",
    ],
  ],
  [
    "chance",
    "testing/a.ts",
    "const a = Math.random;",
    ["testing/a.ts:1 touches Math.random outside core/system.ts"],
  ],
  [
    "a signal with a timer",
    "http/a.ts",
    "const a = AbortSignal.timeout(5);",
    ["http/a.ts:1 touches AbortSignal.timeout outside core/system.ts"],
  ],
  [
    "a function without a docstring",
    "core/a.ts",
    "// Why.\nexport function a() {}",
    ["core/a.ts:2 exports a without a docstring"],
  ],
  [
    "a constant without a docstring",
    "core/a.ts",
    "/** A. */\nexport const a = 1;\nexport const b = 2;",
    ["core/a.ts:3 exports b without a docstring"],
  ],
  [
    "a default export without a docstring",
    "core/a.ts",
    "export default class {}",
    ["core/a.ts:1 exports something without a docstring"],
  ],
  [
    "an option without a docstring",
    "core/a.ts",
    "export interface AOptions {\n  /** B. */ b: 1;\n  c: 2 }",
    ["core/a.ts:3 has the option AOptions.c without a docstring"],
  ],
  [
    "a name that says nothing",
    "core/utils.ts",
    "",
    ["core/utils.ts:1 has a name that says nothing"],
  ],
  [
    "a test's name that says nothing",
    "core/types.test.ts",
    "",
    ["core/types.test.ts:1 has a name that says nothing"],
  ],
  [
    "a folder's name that says nothing",
    "core/helpers/a.ts",
    "",
    ["core/helpers/a.ts:1 has a name that says nothing"],
  ],
];

test.for(PLANTED)("%s is found, and nothing else", ([, path, text, problems]) => {
  expect(inspect(new Map([[path, text]]))).toEqual(problems);
});

const ALLOWED: [what: string, path: string, text: string][] = [
  ["an import that the table allows", "policies/a.ts", 'import { b } from "../core/b.ts";'],
  ["an import within a room", "core/a.ts", 'import { b } from "./b.ts";'],
  ["a Node module", "journal/a.ts", 'import fs from "node:fs";'],
  ["a package of the room", "engine/a.ts", 'import { Queue } from "bullmq";'],
  ["the automation that the command line loads", "cli/a.ts", "await import(url);"],
  [
    "an import in a comment, text or pattern",
    "core/a.ts",
    `// import "../cli/b.ts";
    const a = 'import "../cli/b.ts"'; const b = /import "x"/; const c = \`import("node:fs")\`;`,
  ],
  ["the real clock in its place", "core/system.ts", "setTimeout(run, Date.now() + Math.random());"],
  ["a socket's own timer", "http/a.ts", "socket.setTimeout(5); const a = { performance: 1 };"],
  ["a moment that is given", "core/a.ts", "const a = new Date(5);"],
  ["the type of a timer", "cli/a.ts", "let a: ReturnType<typeof setTimeout>;"],
  [
    "signatures after a documented one",
    "core/a.ts",
    `/** A. */
    export function a(b: 1): 1; export function a(b: 2): 2; export function a() {}`,
  ],
  [
    "options with fields that are documented",
    "core/a.ts",
    `export interface AOptions {
    /** B. */ readonly b: 1 }`,
  ],
  [
    "anything in a test",
    "core/a.test.ts",
    'import fs from "node:fs"; export const a = Date.now();',
  ],
];

test.for(ALLOWED)("%s is allowed", ([, path, text]) => {
  expect(inspect(new Map([[path, text]]))).toEqual([]);
});
