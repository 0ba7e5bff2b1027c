/** Help texts, made from the commands themselves. */

import type { Command, Flags, Listing } from "./command.ts";
import { wrap } from "./wrap.ts";

/** Longer lines are hard to read, however wide the terminal. */
const WIDEST = 100;

const INTRODUCTION = `holdfast makes automation fail gracefully and recover by itself.`;

/** What `holdfast --help` prints in a terminal of so many columns. */
export function overview(
  commands: Readonly<Record<string, Listing>>,
  stateHome: string,
  terminal: number = WIDEST,
): string {
  const width = Math.min(terminal, WIDEST);
  return `${wrap(INTRODUCTION, width)}

Usage: holdfast COMMAND [ARGUMENT...]

Commands:
${table(
  Object.entries(commands).map(([name, { summary }]) => [name, summary]),
  width,
)}

Flags:
${table(
  [
    ["-h, --help", "Show help; after a command, that command's"],
    ["-V, --version", "Show the version"],
  ],
  width,
)}

Environment:
${table(
  [
    ["HOLDFAST_HOME", `Where the journal is kept: an absolute path; now ${stateHome}`],
    ["HOLDFAST_JOURNAL", "A Postgres database to keep it in instead: postgres://…"],
    ["NO_COLOR", "When set, nothing is coloured"],
  ],
  width,
)}

Examples:
${table(
  [
    ["holdfast run nightly.ts", "Run an automation, or resume it where it was cut off"],
    ["holdfast runs", "List what ran"],
    ["holdfast show last", "Tell what the newest run did, step by step"],
    ["holdfast resume last", "Go on with the newest run"],
  ],
  width,
)}
`;
}

/** What `holdfast COMMAND --help` prints in a terminal of so many columns. */
export function commandHelp(command: Command, summary: string, terminal: number = WIDEST): string {
  const width = Math.min(terminal, WIDEST);
  const { name, usage, details, flags, tables = {}, examples } = command;
  const parts = [
    `${summary}.`,
    wrap(`Usage: holdfast ${name} ${usage}`, width, "Usage: ".length),
    ...(details === undefined ? [] : details.split("\n\n").map((text) => wrap(text, width))),
    `Flags:\n${table(flagRows(flags), width)}`,
    ...Object.entries(tables).map(([title, rows]) => `${title}:\n${table(rows, width)}`),
    `Examples:\n${examples.map(({ line, does }) => `  # ${does}\n  ${line}`).join("\n\n")}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function flagRows(flags: Flags): [string, string][] {
  const rows = Object.entries(flags).map(([name, { value, summary, short }]): [string, string] => [
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    summary,
  ]);
  return [...rows, ["-h, --help", "Show this help"]];
}

function table(rows: readonly (readonly [string, string])[], width: number): string {
  const leftWidth = Math.max(...rows.map(([left]) => left.length));
  const indent = leftWidth + 4;
  return rows
    .map(([left, right]) => `  ${left.padEnd(leftWidth)}  ${wrap(right, width, indent)}`)
    .join("\n");
}
