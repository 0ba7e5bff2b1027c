import fc from "fast-check";
import { expect, test } from "vitest";
import { CASES, fileWith } from "./automation-cases.contract.ts";
import { parseModule } from "./ecma-parse.ts";
import { AUTOMATION_RULES } from "./automation-rules.ts";
import { lintAutomation } from "./automation.ts";
import { SHELL_RULES } from "./shell.ts";

test("every rule has cases", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(AUTOMATION_RULES.map(({ id }) => id).toSorted());
});

test.for(Object.entries(CASES))("%s", ([rule, { bad, good }]) => {
  const timesTold = (body: string) =>
    lintAutomation(fileWith(body)).filter((problem) => problem.rule === rule).length;

  expect({
    notOnce: bad.filter((body) => timesTold(body) !== 1),
    told: good.filter((body) => timesTold(body) !== 0),
  }).toEqual({ notOnce: [], told: [] });
});

test("a problem stands where it stands in the TypeScript, types and all", () => {
  const before =
    '  const größe: string = "ü" as string; await run.step("a", (): number => 1, { verify: ';
  const text = fileWith(`${before}() => true });`);

  expect(lintAutomation(text)).toEqual([
    {
      rule: "verify-always",
      severity: "error",
      line: 8,
      column: before.length + 1,
      says: "this verify can never say no: whatever came counts as good",
      fix: "look at the value, and answer false or throw when it is not good",
    },
  ]);
});

test.for([
  ["no automation", "try { go(); } catch {}\nconst = 1;"],
  [
    "another package's",
    'import { automation } from "other";\nexport default automation("a", (run) => { run.step("a", () => 1); });',
  ],
  [
    "an automation in CommonJS, which cannot be told from others",
    "const { automation } = require('x'); console.error(1);",
  ],
] as const)("nothing is told of %s", ([, text]) => {
  expect(lintAutomation(text)).toEqual([]);
});

test.for([
  ["const = 1;", 3],
  ["enum Colour { red }", 3],
])("what Node cannot run is told: %s", ([body]) => {
  expect(lintAutomation(fileWith(body as string))).toMatchObject([
    { rule: "syntax", severity: "error" },
  ]);
});

test("a comment with a reason ignores a rule", () => {
  const step = 'run.step("a", () => 1);';
  const rules = (body: string) => lintAutomation(fileWith(body)).map(({ rule }) => rule);

  expect([
    rules(`${step} // holdfast-lint-ignore floating-step: it is waited for at the end`),
    rules(`// holdfast-lint-ignore floating-step: so\n${step}`),
    rules(`/* holdfast-lint-ignore floating-step: so */\n${step}`),
    rules(`${step} /* holdfast-lint-ignore floating-step: */`),
    rules(`${step} // holdfast-lint-ignore curl-fail: so`),
  ]).toEqual([[], [], [], ["floating-step", "lint-ignore"], ["floating-step", "lint-ignore"]]);
});

test("every rule says what happens and what to do, under a name that no rule about shells has", () => {
  const texts = AUTOMATION_RULES.flatMap(({ why, fix }) => [why, fix]);
  const shell = new Set(SHELL_RULES.map(({ id }) => id));

  expect(texts.filter((text) => !/^[^\n]{3,250}[^.\n]$/.test(text))).toEqual([]);
  expect(AUTOMATION_RULES.filter(({ id }) => shell.has(id))).toEqual([]);
});

test("whatever stands in the function, it answers", () => {
  const bodies = Object.values(CASES).flatMap(({ bad, good }) => [...bad, ...good]);
  const pieces = fc.array(fc.constantFrom(...bodies, "{", "}", "(", ");", "=>", "`${"), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(pieces, (body) => {
      const text = fileWith(body.join("\n"));
      const lines = text.split("\n").length;

      expect(lintAutomation(text).filter(({ line }) => line < 1 || line > lines)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

const IMPORTING = `import { automation } from "holdfast/automation";
import { save, count as size, gone } from "./work.ts";
import * as all from "./work.ts";
import other from "./default.js";
export default automation("a", async (run) => {
  STEP
});
`;

/** Files beside the automation. */
const BESIDE: Readonly<Record<string, string>> = {
  "./work.ts":
    'export * from "./circle.ts"; export { put as save } from "./deep.ts"; export function count(): number { return 1; }',
  "./circle.ts": 'export * from "./work.ts"; export * from "./missing.ts";',
  "./deep.ts":
    'import { write } from "./deeper.ts"; async function put(x: string) { await write(x); } export { put };',
  "./deeper.ts": 'export const write = (x: string) => writeFile("f", x);',
  "./default.js": "export default async function () { await store.charge(5); }",
};

test.for([
  ['await run.step("a", () => save("x"));', ["step-undo"]],
  ['await run.step("a", save);', ["step-undo"]],
  ['await run.step("a", () => all.save("x"));', ["step-undo"]],
  ['await run.step("a", () => other(), { undo, repeatable: true });', ["retry-key", "step-verify"]],
  ['await run.step("a", () => size());', []],
  ['await run.step("a", () => all.count());', []],
  ['await run.step("a", () => gone());', []],
  ['await run.step("a", () => save("x"), { undo });', []],
] as const)(
  "what a step calls is looked for in the files that are imported: %s",
  ([step, rules]) => {
    const find = (specifier: string) => {
      const text = BESIDE[specifier];
      return text === undefined ? undefined : { path: specifier, program: parseModule(text) };
    };

    const found = lintAutomation(IMPORTING.replace("STEP", step), { path: "a.ts", find });

    expect(found.map(({ rule }) => rule).toSorted()).toEqual(rules);
  },
);

test.for([
  ["sums", (count: number) => `${"1 + ".repeat(count)}1;`],
  ["parentheses", (count: number) => `${"(".repeat(count)}1${")".repeat(count)};`],
  ["functions", (count: number) => `${"(() => ".repeat(count)}1${")".repeat(count)};`],
  ["arrays", (count: number) => `${"[".repeat(count)}1${"]".repeat(count)};`],
  ["blocks", (count: number) => `${"{".repeat(count)}${"}".repeat(count)}`],
  ["conditions", (count: number) => "if (1) { ".repeat(count)],
] as const)("%s that are nested beyond all measure are told, and end nothing", ([, body]) => {
  const found = lintAutomation(fileWith(body(20_000)));

  expect(found.map(({ rule, says }) => [rule, says])).toEqual([
    ["syntax", "this cannot be read as TypeScript that Node runs: it is nested too deeply"],
  ]);
});

test.for([
  ["steps", 'run.step("a", () => 1);\n'],
  ["promises", 'await Promise.race([run.step("a", () => 1)]);\n'],
  ["catches", "try { go(); } catch {} // so\n"],
  ["writes", 'await run.step("a", () => saveOwn("f"));\n'],
] as const)("five thousand %s are looked through", ([, line]) => {
  expect(lintAutomation(fileWith(line.repeat(5_000))).length).toBe(5_000);
});
