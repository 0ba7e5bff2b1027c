/** `holdfast/lean` loads these modules and no others: what it is made small by is left out. */

import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { parse, type Node } from "./house/syntax.ts";

const SRC = join(import.meta.dirname, "../src");

/** The modules that a module needs when it runs, relative to src; those for their types alone it does not. */
function neededBy(module: string): string[] {
  const { body } = parse(module, readFileSync(join(SRC, module), "utf8"));
  return body
    .filter((node) => node["source"] && !isOfTypes(node))
    .map(({ source }) => (source as { readonly value: string }).value)
    .map((specifier) => posix.join(posix.dirname(module), specifier));
}

function isOfTypes({ importKind, exportKind }: Node): boolean {
  return importKind === "type" || exportKind === "type";
}

test("holdfast/lean loads few modules, and no table", () => {
  const modules = new Set(["lean/index.ts"]);
  // A set that grows is iterated to its end.
  for (const module of modules) for (const needed of neededBy(module)) modules.add(needed);

  expect([...modules].toSorted()).toEqual([
    "classify/error-code.ts",
    "classify/mark.ts",
    "classify/property.ts",
    "core/clock.ts",
    "core/duration.ts",
    "core/errors.ts",
    "core/fault.ts",
    "core/quietly.ts",
    "core/show.ts",
    "core/system.ts",
    "lean/breaker.ts",
    "lean/faults.ts",
    "lean/index.ts",
    "lean/lean-policy.ts",
    "lean/options.ts",
    "lean/pipeline.ts",
    "lean/retry.ts",
    "lean/timeout.ts",
    "lean/under.ts",
  ]);
});
