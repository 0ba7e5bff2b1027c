/** The report for CI, as JUnit's XML has it in the Surefire schema: one testcase per step and fault. Pure. */

import { lineOf } from "./findings.ts";
import { MISTAKES } from "./mistakes.ts";
import { inWords, nameOf } from "./plan.ts";
import type { Rehearsed, RehearsalReport } from "./rehearse.ts";

/** One XML document. */
export function junitReport({ automation, runs, skipped }: RehearsalReport): string {
  const failures = runs.filter(({ findings }) => findings.length > 0).length;
  const seconds = runs.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  const counts = `tests="${runs.length + skipped.length}" failures="${failures}" errors="0" skipped="${skipped.length}" time="${seconds.toFixed(3)}"`;
  const name = `holdfast rehearse ${automation}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(name)}" ${counts}>`,
    `  <testsuite name="${escapeXml(name)}" ${counts}>`,
    ...runs.map(testcase),
    ...skipped.map(
      ({ step, name: fault, reason }) =>
        `    <testcase classname="${escapeXml(step)}" name="${fault}" time="0"><skipped message="${escapeXml(reason)}"/></testcase>`,
    ),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testcase({ fault, findings, durationMs }: Rehearsed): string {
  const start = `    <testcase classname="${escapeXml(fault.step)}" name="${escapeXml(nameOf(fault))}" time="${(durationMs / 1_000).toFixed(3)}"`;
  if (findings.length === 0) return `${start}/>`;
  const [first] = findings;
  const message = findings.map(({ mistake, step }) => `${step}: ${MISTAKES[mistake].title}`);
  const lines = [
    inWords(fault),
    ...findings.flatMap(({ mistake, step, left, said }) => [
      `${step}: ${MISTAKES[mistake].title}`,
      ...left.map((difference) => `  ${lineOf(difference)}`),
      ...(said === undefined ? [] : [`  ${said}`]),
      `  ${MISTAKES[mistake].advice}`,
    ]),
  ];
  return `${start}><failure type="${first?.mistake}" message="${escapeXml(message.join("; "))}">${escapeXml(lines.join("\n"))}</failure></testcase>`;
}

/** What XML 1.0 has no way to write is left out. Source: www.w3.org/TR/xml, 2.2 Characters. */
const NO_CHARACTERS =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in an element or an attribute, of XML or of HTML. */
export function escapeXml(text: string): string {
  return text.replaceAll(NO_CHARACTERS, "").replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
