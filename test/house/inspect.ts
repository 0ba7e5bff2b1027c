/** The rules of the house that no linter knows, over all of src. */

import { findForbiddenImports } from "./imports.ts";
import { findEmptyNames, findUndocumented } from "./names.ts";
import { parse } from "./syntax.ts";
import { findWorldTouched } from "./world.ts";

/** Tests may use what they like. */
const TEST = /\.(test|contract)\.ts$/;

/** Everything that is wrong with `files`: their text by their path in src. Empty when all is well. */
export function inspect(files: ReadonlyMap<string, string>): string[] {
  const sources = [...files]
    .filter(([path]) => path.endsWith(".ts") && !TEST.test(path))
    .map(([path, text]) => parse(path, text));
  const problems = sources.flatMap((source) => [
    ...findForbiddenImports(source),
    ...findWorldTouched(source),
    ...findUndocumented(source),
  ]);
  return [...findEmptyNames(files.keys()), ...problems];
}
