import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeXml, junitReport } from "./report-junit.ts";
import { htmlReport } from "./report-html.ts";
import { jsonReport } from "./report-json.ts";
import { textReport } from "./report-text.ts";
import type { RehearsalReport, Rehearsed } from "./rehearse.ts";
import { file, step } from "./play.contract.ts";

const GOOD: Rehearsed = {
  fault: { name: "fatal", step: 'copy "<x>"' },
  findings: [],
  durationMs: 1_500,
};
const BAD: Rehearsed = {
  fault: { name: "command-half", step: 'copy "<x>"', command: "cp" },
  findings: [
    {
      mistake: "undo-incomplete",
      step: 'copy "<x>"',
      left: [{ path: "./a & b", found: file("x") }],
      said: "ENOENT: no <such> file\nreally",
    },
  ],
  durationMs: 500,
  world: "/tmp/kept",
};

function reportOf(more: Partial<RehearsalReport> = {}): RehearsalReport {
  return {
    automation: "copies",
    file: "/srv/copies.ts",
    seed: "1",
    steps: [
      {
        ...step('copy "<x>"', { hasVerify: true }),
        isSilent: false,
        isDone: true,
        hasEffect: true,
        commands: [],
      },
    ],
    runs: [GOOD, BAD],
    skipped: [{ step: 'copy "<x>"', name: "disk-full", reason: "no bwrap & co" }],
    unsteady: ["./log"],
    unverified: ["paste"],
    isGood: false,
    ...more,
  };
}

test("the text says what is wrong, what shows it, and what to do", () => {
  expect(textReport(reportOf())).toMatchInlineSnapshot(`
    "step        runs  verdict
    copy "<x>"  1/2   NOT OK: command-half cp
    1 not rehearsed, see below

    copy "<x>": the undo leaves part of what the step did
      shown by copy "<x>": command-half cp
      left     ./a & b should not be there (a file of 1 bytes)
      said     ENOENT: no <such> file really
      do       Let the undo take back everything: partial files and directories too.

    note: not rehearsed: disk-full (1 run): no bwrap & co
    note: without a verify, so a wrong answer goes unnoticed: paste
    note: differs from run to run by itself, so compared by name only: ./log
    note: kept: /tmp/kept (copy "<x>": command-half cp)

    1/2 rehearsed runs left nothing and ended complete; 1 mistake
    "
  `);
});

test("a long list is cut, and counted", () => {
  const left = Array.from({ length: 9 }, (_, index) => ({ path: `./${index}`, found: file("x") }));
  const [finding] = BAD.findings;
  const runs = [{ ...BAD, findings: [{ ...(finding ?? expect.unreachable()), left }] }];

  const lines = textReport(reportOf({ runs })).split("\n");

  expect(lines.filter((line) => line.includes("should not be there"))).toHaveLength(6);
  expect(lines).toContain("           and 3 more");
});

test("a good report is short", () => {
  const good = { runs: [GOOD], skipped: [], unsteady: [], unverified: [], isGood: true };

  expect(textReport(reportOf(good))).toMatchInlineSnapshot(`
    "step        runs  verdict
    copy "<x>"  1/1   ok

    1/1 rehearsed runs left nothing and ended complete
    "
  `);
});

test("JSON holds every run, and each mistake once", () => {
  const { schema, ok, mistakes, runs, skipped, notes } = JSON.parse(
    jsonReport(reportOf()),
  ) as Record<string, unknown>;

  expect({ schema, ok, skipped, notes }).toEqual({
    schema: 1,
    ok: false,
    skipped: [{ step: 'copy "<x>"', fault: "disk-full", reason: "no bwrap & co" }],
    notes: { unsteady: ["./log"], unverified: ["paste"] },
  });
  expect(mistakes).toEqual([
    {
      mistake: "undo-incomplete",
      step: 'copy "<x>"',
      title: "the undo leaves part of what the step did",
      advice: "Let the undo take back everything: partial files and directories too.",
      shownBy: ['copy "<x>": command-half cp'],
      left: ["./a & b should not be there (a file of 1 bytes)"],
      said: ["ENOENT: no <such> file\nreally"],
    },
  ]);
  expect(runs).toEqual([
    { step: 'copy "<x>"', fault: "fatal", ok: true, durationMs: 1_500, findings: [] },
    {
      step: 'copy "<x>"',
      fault: "command-half",
      command: "cp",
      ok: false,
      durationMs: 500,
      world: "/tmp/kept",
      findings: [
        {
          mistake: "undo-incomplete",
          step: 'copy "<x>"',
          said: "ENOENT: no <such> file\nreally",
          left: [
            {
              path: "./a & b",
              found: file("x"),
              difference: "should not be there (a file of 1 bytes)",
            },
          ],
        },
      ],
    },
  ]);
});

test("JUnit has a testcase for each run, and what was not rehearsed is skipped", () => {
  expect(junitReport(reportOf())).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="holdfast rehearse copies" tests="3" failures="1" errors="0" skipped="1" time="2.000">
      <testsuite name="holdfast rehearse copies" tests="3" failures="1" errors="0" skipped="1" time="2.000">
        <testcase classname="copy &quot;&lt;x&gt;&quot;" name="fatal" time="1.500"/>
        <testcase classname="copy &quot;&lt;x&gt;&quot;" name="command-half cp" time="0.500"><failure type="undo-incomplete" message="copy &quot;&lt;x&gt;&quot;: the undo leaves part of what the step did">copy &quot;&lt;x&gt;&quot; runs cp, which does its work and exits with 1
    copy &quot;&lt;x&gt;&quot;: the undo leaves part of what the step did
      ./a &amp; b should not be there (a file of 1 bytes)
      ENOENT: no &lt;such&gt; file
    really
      Let the undo take back everything: partial files and directories too.</failure></testcase>
        <testcase classname="copy &quot;&lt;x&gt;&quot;" name="disk-full" time="0"><skipped message="no bwrap &amp; co"/></testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

test("the page is whole in itself, and shows nothing as markup that was text", () => {
  const page = htmlReport(reportOf());

  expect(page).toContain("copy &quot;&lt;x&gt;&quot;");
  expect(page).toContain("./a &amp; b should not be there");
  expect(page).toContain("no bwrap &amp; co");
  expect(page).not.toContain("<x>");
  expect(page).not.toContain("<such>");
  expect(page).not.toMatch(/<script|<link|<img|https?:|@import|url\(/);
});

test("the page of a rehearsal that passed says so", () => {
  const page = htmlReport(
    reportOf({ runs: [GOOD], isGood: true, skipped: [], unsteady: [], unverified: [] }),
  );

  expect(page).toContain('<p class="verdict good"><strong>Passed</strong>');
  expect(page).not.toContain("What is wrong");
  expect(page).not.toContain("Notes");
});

test("a long list on the page is folded away, and not cut", () => {
  const left = Array.from({ length: 9 }, (_, index) => ({ path: `./${index}`, found: file("x") }));
  const [finding] = BAD.findings;
  const runs = [{ ...BAD, findings: [{ ...(finding ?? expect.unreachable()), left }] }];

  const page = htmlReport(reportOf({ runs }));

  expect(page.match(/should not be there/g)).toHaveLength(9);
  expect(page).toContain("<summary>1 more</summary>");
});

test("whatever text it is, it stands in XML without a character that XML has not", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const escaped = escapeXml(`${one}\u0000\ud800<&>"'${other}`);

      // Source: www.w3.org/TR/xml, 2.2 Characters.
      expect(escaped).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
      expect(escaped.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, "")).not.toMatch(/[&<>"']/);
    }),
  );
});
