/** What the documentation test looks at in a page: its code, its links and its headings. */

/** A fenced block of code. */
export interface Block {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** What stands after the fence, as `ts`. */
  readonly info: string;
  readonly code: string;
}

/** A link, with the line that it stands on. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** A page, cut into the lines inside fences and those outside, in which the others are empty. */
export interface Page {
  readonly blocks: readonly Block[];
  readonly prose: readonly string[];
}

const FENCE = /^\s*(`{3,}|~{3,})\s*(.*)$/;

/** Reads a page. A fence that is never closed reaches to its end, as it does on the screen. */
export function readPage(text: string): Page {
  const blocks: { line: number; info: string; lines: string[] }[] = [];
  let open = "";
  const prose = text.split("\n").map((line, index) => {
    const [, fence = "", info = ""] = FENCE.exec(line) ?? [];
    if (open === "" && fence !== "") {
      open = fence;
      blocks.push({ line: index + 2, info: info.trim(), lines: [] });
    } else if (open !== "" && fence.startsWith(open) && info === "") {
      open = "";
    } else if (open !== "") {
      blocks.at(-1)?.lines.push(line);
    } else {
      return line;
    }
    return "";
  });
  return {
    blocks: blocks.map(({ lines, ...rest }) => ({ ...rest, code: `${lines.join("\n")}\n` })),
    prose,
  };
}

/** Links and pictures in the prose, written in place or as references. */
export function linksOf({ prose }: Page): Link[] {
  return prose.flatMap((text, index) => {
    const plain = text.replaceAll(/`[^`]*`/g, "");
    const inPlace = plain.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g);
    const references = plain.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g);
    return [...inPlace, ...references].map(([, target = ""]) => ({ line: index + 1, target }));
  });
}

/** The anchors of a page's headings, as GitHub makes them: a repeated one gets a number. */
export function anchorsOf({ prose }: Page): Set<string> {
  const anchors = new Set<string>();
  for (const line of prose) {
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function slugOf(heading: string): string {
  const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return shown
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

/** What a reader would type: lines for a shell, and code within the prose. */
export function shownCommands({ blocks, prose }: Page): string[] {
  const typed = blocks.filter(({ info }) => /^(sh|bash|shell|console)$/.test(info));
  const indented = prose.filter((line) => /^ {4}\S/.test(line));
  const spans = prose.flatMap((line) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
  );
  return [...typed.flatMap(({ code }) => code.split("\n")), ...indented, ...spans];
}
