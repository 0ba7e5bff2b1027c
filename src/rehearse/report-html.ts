/** The report as one page: no script, nothing from elsewhere, light and dark, readable on a telephone. Pure. */

import { culpritOf, gather, type Mistaken } from "./findings.ts";
import { FAULTS } from "./faults.ts";
import { nameOf } from "./plan.ts";
import type { Rehearsed, RehearsalReport } from "./rehearse.ts";
import { escapeXml as text } from "./report-junit.ts";
import { summaryOf } from "./report-text.ts";

/** One HTML document. */
export function htmlReport(report: RehearsalReport): string {
  const { automation, file, seed, runs, isGood } = report;
  const mistakes = gather(runs);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(automation)}: ${isGood ? "rehearsed" : "mistakes found"}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">holdfast rehearse</p>
<h1>${text(automation)}</h1>
<p class="verdict ${isGood ? "good" : "bad"}"><strong>${isGood ? "Passed" : "Not passed"}</strong> ${text(summaryOf(report, mistakes))}</p>
<p class="file"><code>${text(file)}</code>, seed <code>${text(seed)}</code></p>
</header>
${mistakes.length === 0 ? "" : `<section><h2>What is wrong</h2>\n${mistakes.map(card).join("\n")}\n</section>`}
<section><h2>Every step and fault</h2>
${stepsOf(report)}
</section>
${notesOf(report)}
</main>
</body>
</html>
`;
}

function card(mistake: Mistaken): string {
  const { title, advice, shownBy, left, said } = mistake;
  return `<article>
<h3><span class="step">${text(culpritOf(mistake))}</span> ${text(title)}</h3>
<dl>
${entry("Shown by", shownBy)}${entry("Left", left)}${entry("Said", said)}<dt>Do</dt><dd>${text(advice)}</dd>
</dl>
</article>`;
}

/** A list that is longer than a screen is folded away. */
const SHOWN = 8;

function entry(name: string, all: readonly string[]): string {
  if (all.length === 0) return "";
  const [shown, folded] = [all.slice(0, SHOWN), all.slice(SHOWN)];
  const more =
    folded.length === 0
      ? ""
      : `<details><summary>${folded.length} more</summary>${list(folded)}</details>`;
  return `<dt>${name}</dt><dd>${list(shown)}${more}</dd>\n`;
}

function list(all: readonly string[]): string {
  return `<ul>${all.map((line) => `<li><code>${text(line)}</code></li>`).join("")}</ul>`;
}

function stepsOf({ steps, runs }: RehearsalReport): string {
  return steps
    .map(({ label }) => ({ label, own: runs.filter(({ fault }) => fault.step === label) }))
    .filter(({ own }) => own.length > 0)
    .map(({ label, own }) => stepTable(label, own))
    .join("\n");
}

function stepTable(label: string, own: readonly Rehearsed[]): string {
  const bad = own.filter(({ findings }) => findings.length > 0).length;
  const told = bad === 0 ? `${own.length} of ${own.length} ok` : `${bad} of ${own.length} not ok`;
  return `<details${bad === 0 ? "" : " open"}>
<summary><span class="step">${text(label)}</span> <span class="${bad === 0 ? "good" : "bad"}">${told}</span></summary>
<table>
<thead><tr><th scope="col">Fault</th><th scope="col">The step …</th><th scope="col">Verdict</th></tr></thead>
<tbody>
${own.map(row).join("\n")}
</tbody>
</table>
</details>`;
}

function row({ fault, findings, note }: Rehearsed): string {
  const isGood = findings.length === 0;
  const verdict = isGood ? "ok" : "not ok";
  const more = note === undefined ? "" : `, ${text(note)}`;
  return `<tr><th scope="row"><code>${text(nameOf(fault))}</code></th><td>${text(FAULTS[fault.name].happens)}</td><td class="${isGood ? "good" : "bad"}">${verdict}${more}</td></tr>`;
}

function notesOf({ skipped, unsteady, unverified }: RehearsalReport): string {
  const reasons = Map.groupBy(skipped, ({ reason }) => reason);
  const notes = [
    ...[...reasons].map(
      ([reason, all]) =>
        `Not rehearsed: ${[...new Set(all.map(({ name }) => name))].join(", ")} (${all.length}): ${reason}`,
    ),
    ...(unverified.length === 0
      ? []
      : [`Without a verify, so a wrong answer goes unnoticed: ${unverified.join(", ")}`]),
    ...(unsteady.length === 0
      ? []
      : [`Differs from run to run by itself, so compared by name only: ${unsteady.join(", ")}`]),
  ];
  if (notes.length === 0) return "";
  return `<section><h2>Notes</h2><ul class="notes">${notes.map((note) => `<li>${text(note)}</li>`).join("")}</ul></section>`;
}

/** Colours in pairs that reach 4.5 to 1 on their ground, as WCAG 2.2 asks of text. */
const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--card:#f6f7f9;--text:#1a1d21;--dim:#59616b;--line:#d9dde3;--good:#0a6b3d;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1d2126;--text:#e8eaed;--dim:#a3acb7;--line:#343a42;--good:#6fd39c;--bad:#ff8f86}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{margin:0;font-size:1.75rem;overflow-wrap:anywhere}
h2{margin:2rem 0 .75rem;font-size:1.2rem}
h3{margin:0 0 .75rem;font-size:1rem;font-weight:600}
code,.step{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
.eyebrow,.file{margin:0;color:var(--dim);font-size:.9rem}
.verdict{margin:.5rem 0;padding:.6rem .9rem;border-left:4px solid;background:var(--card)}
.good{color:var(--good)}.bad{color:var(--bad)}
article{margin:0 0 1rem;padding:1rem;border:1px solid var(--line);border-left:4px solid var(--bad);border-radius:6px;background:var(--card)}
.step{padding:.1rem .4rem;border:1px solid var(--line);border-radius:4px;background:var(--ground)}
dl{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:.4rem .75rem;margin:0}
dt{color:var(--dim)}dd{margin:0;min-width:0}
dd ul{margin:0;padding:0;list-style:none}
details{margin:0 0 .5rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:6px}
dd details{margin:.25rem 0 0}
summary{cursor:pointer;overflow-wrap:anywhere}
table{width:100%;margin:.75rem 0 .25rem;border-collapse:collapse;font-size:.92rem}
th,td{padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:top}
thead th{border-top:0;color:var(--dim);font-weight:400}
tbody th{font-weight:400}
.notes{padding-left:1.2rem;color:var(--dim)}
.notes li{overflow-wrap:anywhere}
@media (max-width:34rem){dl{grid-template-columns:minmax(0,1fr);gap:.1rem}dd{margin-bottom:.5rem}thead{position:absolute;clip-path:inset(50%)}tr{display:block;padding:.4rem 0;border-top:1px solid var(--line)}th,td{display:block;padding:0;border:0}}
`;
