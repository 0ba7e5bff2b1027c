/** Text that is broken into lines at blanks. */

/**
 * `text` in lines of at most `width` characters; a longer word has a line of its own. Every line but
 * the first is indented by `indent` blanks, which count.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && indent + longer.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
