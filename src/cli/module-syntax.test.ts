import { expect, test } from "vitest";
import { isModuleSyntax } from "./module-syntax.ts";

test.for<[source: string, isModule: boolean]>([
  ['import { automation } from "holdfast/automation"; const a: number = 1;', true],
  ['import type { Run } from "holdfast/automation"; import { a } from "./a.ts";', true],
  ['import { type Run } from "holdfast/automation";', true],
  ["const one: number = 1; export default one;", true],
  ["export const a = import.meta.dirname;", true],
  ["const a: string = import.meta.dirname;", true],
  ["const { automation } = await import('holdfast/automation'); export default 1;", true],
  ["await 0;", true],
  ["const require = (name: string) => name; const __dirname = '/'; export {};", true],
  ["const __dirname = '/';", true],
  ["#!/usr/bin/env node\nexport {};", true],
  ['import type { Run } from "holdfast/automation"; module.exports = 1;', false],
  ["export type Name = string; module.exports = 1;", false],
  ["const one: number = 1; module.exports = one;", false],
  ['const text = "import x from y"; // export default text\nexports.text = text;', false],
  ["module.exports = (async () => import('./a.js'))();", false],
  ["return;", false],
  ["", false],
  ["const = 3;", false],
  ["enum Colour { Red }", false],
])("%j is a module: %o", ([source, isModule]) => {
  expect(isModuleSyntax(source)).toBe(isModule);
});
