/** Files are named after what is in them, and what is public says what it is. */

import { isDocumented, isNode, nameOf, placeOf, type Node, type Source } from "./syntax.ts";

const SAYS_NOTHING = /(^|\/)(utils?|helpers?|common|misc|types)(\/|\.[a-z.]+$)/;

/** A name that would fit any file. */
export function findEmptyNames(paths: Iterable<string>): string[] {
  return [...paths]
    .filter((path) => SAYS_NOTHING.test(path))
    .map((path) => `${path}:1 has a name that says nothing`);
}

/** Exports, and fields of options, without a docstring. */
export function findUndocumented(source: Source): string[] {
  const documented = new Set<string>();
  return source.body.filter(declaresAnExport).flatMap((statement) => {
    const declaration = statement["declaration"] as Node;
    const name = exportedName(declaration);
    if (isOptions(declaration)) return undocumentedFields(source, declaration);
    // Of the signatures of one function the first carries the docstring.
    if (isDocumented(source, statement) || documented.has(name)) {
      documented.add(name);
      return [];
    }
    return [`${placeOf(source, statement)} exports ${name} without a docstring`];
  });
}

function declaresAnExport({ type, declaration }: Node): boolean {
  return /^Export(Named|Default)/.test(type) && isNode(declaration);
}

function exportedName(declaration: Node): string {
  const [first] = (declaration["declarations"] ?? []) as Node[];
  return nameOf(first ?? declaration) || "something";
}

function isOptions(declaration: Node): boolean {
  return declaration.type === "TSInterfaceDeclaration" && nameOf(declaration).endsWith("Options");
}

function undocumentedFields(source: Source, declaration: Node): string[] {
  const { body } = declaration["body"] as unknown as { body: Node[] };
  return body
    .filter((field) => !isDocumented(source, field))
    .map((field) => {
      const name = `${nameOf(declaration)}.${nameOf(field)}`;
      return `${placeOf(source, field)} has the option ${name} without a docstring`;
    });
}
