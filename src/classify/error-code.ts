/** The code of an error that no rule knows. */

import { clip } from "../core/show.ts";
import { findText } from "./property.ts";

const LONGEST = 100;

/**
 * What names the error to programs: its `code` when that is text, else its name in capitals
 * (`ParseError` is `PARSE_ERROR`), else `UNKNOWN`.
 */
export function errorCode(error: unknown): string {
  const code = findText(error, "code")?.trim();
  if (code !== undefined && code !== "") return clip(code, LONGEST);
  return upperSnake(clip(findText(error, "name") ?? "", LONGEST)) || "UNKNOWN";
}

function upperSnake(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "");
}
