/** The figures as a picture: small multiples of calls per second, one column for each scenario. */

import { PLAYS, SECONDS, type Figures } from "./figures.ts";
import type { Scenario } from "./scenarios.ts";

/** What stands in one column. */
export interface Column {
  readonly scenario: Scenario;
  readonly figures: readonly Figures[];
}

const LABEL_WIDTH = 150;
const PANEL_WIDTH = 240;
const PANEL_HEIGHT = 60;
const GAP = 18;
const TOP = 60;
const BOTTOM = 46;
/** The seconds that are named below each column. */
const TICKS = [0, 10, 20];
/** The same scale for all, so that they can be compared: a little more than the most there is. */
const MOST_CALLS = 250;

/** Colours that can be read on their own ground, by day and by night. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .note { font-size: 11px; fill: #57606a }
  .ground { fill: #ffffff }
  .down { fill: #cf222e; fill-opacity: 0.12 }
  .bar { fill: #0969da }
  .axis { stroke: #8c959f }
  .limit { stroke: #bc4c00; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .note { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .down { fill: #f85149; fill-opacity: 0.2 }
    .bar { fill: #4493f8 }
    .axis { stroke: #656c76 }
    .limit { stroke: #f0883e }
  }
`;

/** The picture, as SVG. Rows are the strategies; a scenario that does not play one has a gap there. */
export function pictureOf(columns: readonly Column[]): string {
  const names = [...new Set(columns.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const width = LABEL_WIDTH + columns.length * (PANEL_WIDTH + GAP);
  const height = TOP + names.length * (PANEL_HEIGHT + GAP) + BOTTOM;
  const titles = columns.map(({ scenario }, index) =>
    text(scenario.title, { x: leftOf(index), y: 44, kind: "title" }),
  );
  const labels = names.map((name, index) =>
    text(name, { x: 12, y: topOf(index) + PANEL_HEIGHT / 2 + 4 }),
  );
  const panels = columns.flatMap(({ scenario, figures }, index) =>
    figures.map((row) => panel(scenario, row, leftOf(index), topOf(names.indexOf(row.name)))),
  );
  const legend =
    `bars: calls in each of the first ${SECONDS} seconds, medians of ${PLAYS} plays; ` +
    "shaded: the server is down; dashed: what it lets in per second";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>Calls per second of 100 agents, by the way in which they try again</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    text("Calls per second of 100 agents that begin together", { x: 12, y: 20, kind: "title" }),
    ...titles,
    ...labels,
    ...panels,
    ...columns.flatMap(({ figures }, index) => ticks(figures, leftOf(index), topOf(names.length))),
    text(legend, { x: 12, y: height - 12, kind: "note" }),
    "</svg>\n",
  ].join("\n");
}

function leftOf(column: number): number {
  return LABEL_WIDTH + column * (PANEL_WIDTH + GAP);
}

function topOf(row: number): number {
  return TOP + row * (PANEL_HEIGHT + GAP);
}

function panel({ play }: Scenario, figures: Figures, left: number, top: number): string {
  const { outage, limit } = play.server;
  const { perSecond, counts } = figures;
  const second = PANEL_WIDTH / perSecond.length;
  const foot = top + PANEL_HEIGHT;
  const heightOf = (calls: number): number => (calls / MOST_CALLS) * PANEL_HEIGHT;
  const allAtMs = counts.allMs + (outage?.untilMs ?? 0);
  const note = `most ${Math.max(...perSecond)}, all done at ${(allAtMs / 1_000).toFixed(1)} s`;
  const down = outage && {
    x: left + (outage.fromMs / 1_000) * second,
    width: ((outage.untilMs - outage.fromMs) / 1_000) * second,
  };
  const bars = perSecond.map((calls, index) => {
    const [x, y, height] = [left + index * second, foot - heightOf(calls), heightOf(calls)];
    return rect("bar", { x: x + 0.5, y, width: second - 1, height });
  });
  return [
    ...(down === undefined ? [] : [rect("down", { ...down, y: top, height: PANEL_HEIGHT })]),
    ...bars,
    line("axis", left, foot),
    ...(limit === undefined ? [] : [line("limit", left, foot - heightOf(limit.calls))]),
    text(note, { x: left + PANEL_WIDTH, y: top + 10, kind: "note", anchor: "end" }),
  ].join("\n");
}

/** Where in time the seconds are, below all panels of a column. */
function ticks(figures: readonly Figures[], left: number, top: number): string[] {
  const second = PANEL_WIDTH / (figures[0]?.perSecond.length ?? NaN);
  return TICKS.map((at) =>
    text(`${at} s`, { x: left + at * second, y: top, kind: "note", anchor: "middle" }),
  );
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function rect(kind: string, { x, y, width, height }: Box): string {
  const [left, top, wide, high] = [x, y, width, height].map(rounded);
  return `<rect class="${kind}" x="${left}" y="${top}" width="${wide}" height="${high}"/>`;
}

function line(kind: string, left: number, y: number): string {
  const at = rounded(y);
  return `<line class="${kind}" x1="${left}" x2="${left + PANEL_WIDTH}" y1="${at}" y2="${at}"/>`;
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly kind?: string;
  readonly anchor?: string;
}

/** Words of our own: nothing in them is markup. */
function text(words: string, { x, y, kind = "label", anchor = "start" }: Placed): string {
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

function rounded(length: number): number {
  return Math.round(length * 100) / 100;
}
