/** Text as a word of a shell's command line, for commands that people copy. */

/** Quoted only where a shell would take it for more than a word. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}

/** The path of a file, also where it begins with a dash, as a flag does. */
export function fileWord(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/** In single quotes, in which a POSIX shell gives no character a meaning. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
