/**
 * Shows real tools failing in the real way, and what holdfast takes each failure for.
 *
 *   node test/symptoms/show.ts [FAMILY...]
 *
 * Prints each command as it was run, how it ended, what it wrote and the verdict. Exits with 1 when a
 * verdict is not the one of the table. Runs as root or not; what is on other machines is never touched.
 */

import { archives, git, packages } from "./files.ts";
import { clouds } from "./clouds.ts";
import { postgres, redis } from "./databases.ts";
import { disk } from "./disk.ts";
import { fullPostgres } from "./full-postgres.ts";
import { limits } from "./limits.ts";
import { lookAlikes } from "./look-alikes.ts";
import { network } from "./network.ts";
import { processes } from "./processes.ts";
import { cleanUp, NOT_SHOWN, type Shown } from "./stage.ts";
import { undici } from "./undici.ts";

const FAMILIES: Readonly<Record<string, () => AsyncGenerator<Shown>>> = {
  disk,
  processes,
  limits,
  archives,
  packages,
  git,
  network,
  undici,
  clouds,
  redis,
  postgres,
  "full-postgres": fullPostgres,
  "look-alikes": lookAlikes,
};

const asked = process.argv.slice(2);
const families = Object.entries(FAMILIES).filter(
  ([name]) => asked.length === 0 || asked.includes(name),
);
const symptoms = new Set<number>();
let count = 0;
let wrong = 0;
for (const [name, family] of families) {
  console.log(`\n== ${name}`);
  for await (const { symptom, what, said, found, expected } of family()) {
    count++;
    if (symptom !== undefined) symptoms.add(symptom);
    const isRight = found === expected;
    if (!isRight) wrong++;
    const verdict = isRight ? "ok" : `WRONG, expected ${expected}`;
    console.log(
      `\n#${symptom ?? "-"} ${what.slice(0, 300)}\n${indented(said)}\n  => ${found}  ${verdict}`,
    );
  }
}
cleanUp();
for (const why of NOT_SHOWN) console.log(`\nnot shown ${why}`);
console.log(`\n${count} failures of ${symptoms.size} symptoms, ${wrong} not as the table says`);
process.exitCode = wrong === 0 && count > 0 ? 0 : 1;

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  | ${line.slice(0, 200)}`)
    .join("\n");
}
