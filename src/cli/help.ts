/** Help texts, made from the commands themselves. */

import type { Command, Flags } from "./command.ts";

const INTRODUCTION = `holdfast makes automation fail gracefully and recover by itself.`;

/** What `holdfast --help` prints. */
export function overview(commands: readonly Command[], stateHome: string): string {
  return `${INTRODUCTION}

Usage: holdfast COMMAND [ARGUMENT...]

Commands:
${table(commands.map(({ name, summary }) => [name, summary]))}

Flags:
${table([
  ["-h, --help", "Show help; after a command, that command's"],
  ["-V, --version", "Show the version"],
])}

Environment:
${table([
  ["HOLDFAST_HOME", `Where the journal is kept: an absolute path; now ${stateHome}`],
  ["NO_COLOR", "When set, nothing is coloured"],
])}

Examples:
  holdfast run nightly.ts              Run an automation, or resume it where it was cut off
  holdfast runs                        List what ran
  holdfast show last                   Tell what the newest run did, step by step
`;
}

/** What `holdfast COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const { name, summary, usage, details, flags, examples } = command;
  const parts = [
    `${summary}.`,
    `Usage: holdfast ${name} ${usage}`,
    ...(details === undefined ? [] : [details.trim()]),
    `Flags:\n${table(flagRows(flags))}`,
    `Examples:\n${examples.map(({ line, does }) => `  # ${does}\n  ${line}`).join("\n\n")}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function flagRows(flags: Flags): [string, string][] {
  const rows = Object.entries(flags).map(([name, { value, summary }]): [string, string] => [
    `--${name}${value === undefined ? "" : ` ${value}`}`,
    summary,
  ]);
  return [...rows, ["-h, --help", "Show this help"]];
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
