// docs/faults.md and docs/logging.md hold the complete tables; this holds them against the code.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { causeOf, faultOfCode, KNOWN_CODES } from "../src/advise/known-codes.ts";
import { OWN_CODES } from "../src/advise/own-codes.ts";
import { EXIT_ROWS } from "../src/classify/child-process.ts";
import type { CodeTable, Meaning } from "../src/classify/code-table.ts";
import { GRPC_ROWS } from "../src/classify/grpc.ts";
import { HTTP_STATUSES } from "../src/classify/http-status.ts";
import { NODE_CODES, TLS_CODES, UNDICI_CODES } from "../src/classify/node-codes.ts";
import { REDIS_REPLIES } from "../src/classify/redis.ts";
import { SQLITE_ROWS } from "../src/classify/sqlite.ts";
import { SQLSTATES } from "../src/classify/sqlstate.ts";
import { CALL_ROWS, SOCKET_CODES, SYSTEM_CODES } from "../src/classify/system-codes.ts";
import { findingOf } from "../src/classify/tool-row.ts";
import { TOOL_ROWS } from "../src/classify/tool-rows.ts";
import { PG_STATES } from "../src/classify/tools/databases.ts";
import { ANY_PROGRAM, OUT_OF_MEMORY } from "../src/classify/tools/processes.ts";
import { SYSTEM_TEXTS } from "../src/classify/tools/system-texts.ts";
import { eventOf, ROWS } from "../src/observe/every-event.contract.ts";
import { levelOf } from "../src/observe/level.ts";

/** The rows of the tables below a heading of a page, as cells; those of one header alone. */
function rowsOf(page: string, heading: string, header: string): string[][] {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  // Tables are padded or not; within a row that makes no difference here.
  const tables = section.replaceAll(/<!--.*-->\n| (?= )/g, "").split(/\n(?!\|)/);
  const table = tables.find((part) => part.trimStart().startsWith(header)) ?? "";
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The words in code marks. */
function codesIn(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");
}

function sorted(rows: Iterable<readonly string[]>): string[] {
  return Array.from(rows, (row) => row.join(" ")).toSorted();
}

function rowsOfTable(table: CodeTable | Readonly<Record<number, Meaning>>): string[][] {
  return Object.entries(table).map(([code, meaning]: [string, Meaning]) => [code, ...meaning]);
}

test.for<[heading: string, header: string, expected: string[][]]>([
  ["HTTP", "| Status |", rowsOfTable(HTTP_STATUSES)],
  [
    "Codes of the system, Node, undici and TLS",
    "| Code | Class",
    [SYSTEM_CODES, SOCKET_CODES, UNDICI_CODES, NODE_CODES, TLS_CODES].flatMap(rowsOfTable),
  ],
  ["gRPC", "| Code |", GRPC_ROWS.map(({ code, meaning }) => [code, ...meaning])],
  ["SQLite", "| Code |", SQLITE_ROWS.map(({ code, meaning }) => [code, ...meaning])],
  ["Postgres", "| State |", rowsOfTable(SQLSTATES)],
  ["Redis", "| Reply |", rowsOfTable(REDIS_REPLIES)],
])("the table of %s is complete and right", ([heading, header, expected]) => {
  const rows = rowsOf("faults.md", heading, header).flatMap(([codes, ...meaning]) =>
    codesIn(codes).map((code) => [code, ...meaning.slice(0, 2)]),
  );

  expect(sorted(rows)).toEqual(sorted(expected));
});

test("the table of codes that depend on the call is complete and right", () => {
  const heading = "Codes of the system, Node, undici and TLS";
  const rows = rowsOf("faults.md", heading, "| Code | Call").flatMap(([codes, call, ...meaning]) =>
    codesIn(codes).map((code) => [code, ...codesIn(call), ...meaning.slice(0, 2)]),
  );

  expect(sorted(rows)).toEqual(
    sorted(CALL_ROWS.map(({ code, call, meaning }) => [code, call, ...meaning])),
  );
});

test("the table of exit codes is complete and right", () => {
  const rows = rowsOf("faults.md", "Commands run by node:child_process", "| Exit code |").map(
    ([exitCode, code, ...meaning]) => [
      ...codesIn(exitCode),
      ...codesIn(code),
      ...meaning.slice(0, 2),
    ],
  );

  expect(sorted(rows)).toEqual(
    sorted(EXIT_ROWS.map(({ exitCode, code, meaning }) => [String(exitCode), code, ...meaning])),
  );
});

test("docs/symptoms.md has a row for each symptom, with all that it is taken for", () => {
  const page = readFileSync(new URL("../docs/symptoms.md", import.meta.url), "utf8");
  const cells = new Map(
    [...page.matchAll(/^\| (\d+) \|.* \| ([^|]*) \| (?:shown )?\|$/gm)].map(
      ([, number, says = ""]) => [Number(number), says.split("; ")] as const,
    ),
  );
  const lookedUp = [
    ...PG_STATES.map(({ symptom, state }) => [symptom, `SQLSTATE_${state}`] as const),
    ...SYSTEM_TEXTS.map(({ symptom, code }) => [symptom, code] as const),
  ].map(([symptom, code]) => ({ symptom, fault: faultOfCode(code) }));
  const found = [...TOOL_ROWS, ...ANY_PROGRAM, OUT_OF_MEMORY].map(findingOf);

  const missing = [...found, ...lookedUp].filter(
    ({ symptom = 0, fault }) =>
      fault === undefined ||
      cells.get(symptom)?.includes(`${fault.class} ${fault.effect} \`${fault.code}\``) !== true,
  );
  expect([cells.size, missing]).toEqual([119, []]);
});

test("every code has a cause", () => {
  expect(KNOWN_CODES.filter((code) => causeOf(code) === undefined)).toEqual([]);
});

test("explain knows the codes of docs/errors.md, and no others", () => {
  const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+).*?, (\w+) \|/gm)].map(
    ([, code = "", ...meaning]) => [code, meaning] as const,
  );
  // What depends on what failed has no class of its own.
  const fixed = rows.filter(([, [faultClass]]) => faultClass !== "of");
  const known = fixed.map(([code]) => [code, [OWN_CODES[code]?.class, OWN_CODES[code]?.effect]]);

  expect(known).toEqual(fixed);
  expect(Object.keys(OWN_CODES).filter((code) => !page.includes(`| \`${code}\` |`))).toEqual([]);
});

test("the table of levels names every event once, with a level that it can have", () => {
  const rows = rowsOf("logging.md", "Events and levels", "| Level |").flatMap(
    ([level = "", types]) => codesIn(types).map((type) => ({ type, level })),
  );

  const possible = rows.filter(({ type, level }) =>
    ROWS.some((row) => row[0].type === type && levelOf(eventOf(row)) === level),
  );
  const types = new Set(ROWS.map(([{ type }]) => type).filter((type) => type !== "log.written"));
  expect([possible, rows.map(({ type }) => type).toSorted()]).toEqual([
    rows,
    [...types].toSorted(),
  ]);
});
