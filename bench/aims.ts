/** Which aims hold, by the figures that the tables of the same run have kept. */

import { AIMS } from "./aim-list.ts";
import { readFigures } from "./measure/figures.ts";
import { print, printLines, readArguments } from "./measure/harness.ts";
import { judge, judgedCells } from "./measure/judge.ts";

const { figures: file } = readArguments();
if (file === undefined) throw new Error("node bench/aims.ts --figures FILE, of tables measured");
const figures = readFigures(file);
const judged = AIMS.map((aim) => ({ aim, judgement: judge(aim, figures) }));
printLines({
  name: "aims",
  title: "Aims",
  heads: ["measured", "at most", "outcome"],
  lines: judged.map(({ aim, judgement }) => ({
    name: aim.name,
    cells: judgedCells(aim, judgement),
  })),
});
const measured = judged.flatMap(({ judgement }) => ("isMet" in judgement ? [judgement] : []));
const met = measured.filter(({ isMet }) => isMet);
const missing = judged.length - measured.length;
print(`${met.length}/${measured.length} met${missing === 0 ? "" : `, ${missing} not measured`}`);
