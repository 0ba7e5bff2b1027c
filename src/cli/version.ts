/** Which holdfast this is. */

import { readFileSync } from "node:fs";

/** As package.json says. */
export function holdfastVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
