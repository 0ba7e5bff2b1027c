/** `holdfast lint`: tells of what exits 0 although it failed. */

import { OptionsError } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { lintCommand, lintPath, type LintedFile } from "../advise/lint/files.ts";
import { UsageError, type Arguments, type Command } from "./command.ts";
import { asAnnotations, asJson, asText, countOf } from "./lint-report.ts";
import { printable } from "./printable.ts";

/** See the header. */
export const lint: Command = {
  name: "lint",
  usage: "FILE … | -- COMMAND … [--max-warnings N] [--format FORMAT] [--json]",
  details: `
FILE is a shell script (sh, bash), a crontab, an automation in TypeScript or JavaScript, a
directory with such files in it, or - for the standard input. What stands after -- is a
command instead: what it hides, and what its script does.

docs/lint.md lists all rules. "# holdfast-lint-ignore RULE: why", in automations with //,
ignores a rule on its line or the next. ShellCheck finds what is wrong with a script's
quoting and syntax; this does not repeat it.

Exit codes: 0 nothing that counts was found; 1 an error, or more warnings than
--max-warnings; 2 usage; 78 a file cannot be read, and the others were looked through.`,
  positionals: { min: 1, max: 10_000 },
  flags: {
    "max-warnings": { type: "string", value: "N", summary: "So many are allowed; default any" },
    hints: { type: "boolean", summary: "Tell hints, too: nothing is wrong, something is safer" },
    format: {
      type: "string",
      value: "FORMAT",
      summary: "text (default), or github: annotations in a pull request",
      choices: ["text", "github"],
    },
    json: { type: "boolean", summary: "Print what was found as JSON" },
  },
  examples: [
    { line: "holdfast lint backup.sh nightly.ts", does: "Look through a script and an automation" },
    { line: "holdfast lint -- ./backup.sh --full", does: "Look at a command" },
    { line: "crontab -l | holdfast lint -", does: "Look through the crontab" },
    { line: "holdfast lint . --format github --max-warnings 0", does: "In CI" },
  ],

  async run(args, world) {
    const { cwd } = world;
    const mostWarnings = readCount(args.text("max-warnings"));
    const { afterDashes = [], positionals } = args;
    const paths = positionals.slice(0, positionals.length - afterDashes.length);
    const { found, refused } = await lintEach(paths, cwd);
    if (afterDashes.length > 0) found.push(...(await lintCommand(afterDashes, cwd)));
    const unread = refused.pop();
    for (const { message } of refused) world.complain(`holdfast: ${message}\n`);
    if (unread !== undefined && found.length === 0) throw unread;
    const linted = args.has("hints") ? found : found.map(withoutHints);
    world.print(reportOf(linted, args));
    // What could be read was told; that not all could is how it ends.
    if (unread !== undefined) throw unread;
    const { error, warning } = countOf(linted);
    return error > 0 || warning > mostWarnings ? EXIT.failed : EXIT.ok;
  },
};

/** One file that cannot be read does not hide what is in the others. */
async function lintEach(
  paths: readonly string[],
  cwd: string,
): Promise<{ found: LintedFile[]; refused: OptionsError[] }> {
  const found: LintedFile[] = [];
  const refused: OptionsError[] = [];
  for (const path of paths) {
    try {
      found.push(...(await lintPath(path, cwd)));
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      refused.push(error);
    }
  }
  return { found, refused };
}

function withoutHints({ path, problems }: LintedFile): LintedFile {
  return { path, problems: problems.filter(({ severity }) => severity !== "hint") };
}

function reportOf(linted: readonly LintedFile[], args: Arguments): string {
  if (args.has("json")) return asJson(linted);
  return printable(args.text("format") === "github" ? asAnnotations(linted) : asText(linted));
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(
    `--max-warnings: expected a whole number from 0, received ${JSON.stringify(text)}`,
  );
}
