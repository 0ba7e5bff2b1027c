/** Every name that users can import. One that comes or goes is a change that users notice. */

import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { exportedNames } from "./api/exported-names.ts";

const ROOT = join(import.meta.dirname, "..");

const { "./package.json": _, ...entries } = manifest.exports;

test("the public names are those of test/api/names.txt", async () => {
  const lists = await Promise.all(
    Object.entries(entries).map(async ([entry, { "holdfast:source": file }]) => {
      const values = new Set(Object.keys((await import(join(ROOT, file))) as object));
      const lines = exportedNames(join(ROOT, file)).map((name) =>
        values.delete(name) ? `  ${name}` : `  type ${name}`,
      );
      // What is left was exported in a way that the source does not tell.
      return [entry.replace(".", "holdfast"), ...lines, ...values].join("\n");
    }),
  );

  // A change that is meant is written down by: npm test -- test/api.test.ts --update
  await expect(`${lists.join("\n\n")}\n`).toMatchFileSnapshot("api/names.txt");
});
