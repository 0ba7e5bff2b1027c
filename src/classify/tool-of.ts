/**
 * Which program an exit code is that of: what `sudo`, `env`, `timeout` and their like run, and what
 * stands in `sh -c`, as far as that is sure.
 */

/** What a command runs in the end. */
export interface Tool {
  /** The program's name without its path, and then what it was run by, the nearest first. */
  readonly names: readonly string[];
  /** Whether the exit code is that program's, and it is all that was run. */
  readonly isWhole: boolean;
}

/** Programs that run another one and end as it does, and which of their options take a word of their own. */
const WRAPPERS: Readonly<Record<string, string>> = {
  sudo: "u g h p C D R T U user group host prompt chdir",
  doas: "u C",
  env: "u C S unset chdir",
  timeout: "k s kill-after signal",
  nice: "n adjustment",
  ionice: "c n p",
  chrt: "",
  prlimit: "p",
  unshare: "",
  taskset: "",
  nohup: "",
  setsid: "",
  setpriv: "",
  stdbuf: "i o e",
  time: "f o format output",
  chronic: "",
  unbuffer: "",
  xargs: "I n L P s d a E max-args max-procs delimiter arg-file replace",
  watch: "n d interval",
  strace: "e o s p",
  "systemd-run": "p u unit property uid gid slice description",
  "systemd-inhibit": "",
  flock: "E w timeout conflict-exit-code",
  ssh: "b c D E e F I i J L l m O o p Q R S W w",
};

/** How many words of their own follow the options: `timeout 5s`, `flock FILE`, `ssh HOST`. */
const WORDS_BEFORE: Readonly<Record<string, number>> = {
  timeout: 1,
  flock: 1,
  ssh: 1,
  taskset: 1,
  chrt: 1,
};

/** The programs that run scripts of commands. */
export const SHELLS: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "ksh", "ash"]);

/** What a shell does itself, or opens a script with. */
const BUILT_INS: ReadonlySet<string> = new Set(
  "# . : [ [[ alias case cd echo eval exec exit export for if kill local printf pwd read return set source test trap ulimit umask unset until wait while"
    .split(" ")
    .concat(""),
);

/** Deeper than anybody nests them. */
const MOST_NAMES = 10;

/** The program whose failure a command shows, and what it was run by. */
export function toolOf(argv: readonly string[]): Tool {
  const layers = layersOf(argv);
  const names = layers.map(({ name }) => name).toReversed();
  const [innermost = ""] = names;
  const isScript = SHELLS.has(innermost) || SCRIPT_NAME.test(innermost);
  // It ends by a code of its own: 123 for whatever failed.
  const isWhole = !isScript && !names.includes("xargs", 1) && names.length < MOST_NAMES;
  return { names, isWhole };
}

/** A file that is a script for a shell by its name. */
const SCRIPT_NAME = /\.(?:ba|da|k|z)?sh$/;

/** One program that runs the next, with its words. */
export interface Layer {
  readonly name: string;
  readonly words: readonly string[];
}

/** From the command as it was run to what it runs in the end. */
export function layersOf(argv: readonly string[]): Layer[] {
  const layers: Layer[] = [];
  let words = argv;
  do {
    const name = baseName(words[0] ?? "");
    layers.push({ name, words });
    words = SHELLS.has(name) ? simpleScript(words) : innerWords(name, words);
  } while (words.length > 0 && layers.length < MOST_NAMES);
  return layers;
}

/** What a wrapper runs; empty where it runs nothing, or is none. */
function innerWords(name: string, words: readonly string[]): readonly string[] {
  if (!Object.hasOwn(WRAPPERS, name)) return [];
  let at = afterOptions(words, new Set(WRAPPERS[name]?.split(" "))) + (WORDS_BEFORE[name] ?? 0);
  // env and sudo take variables first.
  while (/^\w+=/.test(words[at] ?? "")) at++;
  const inner = words.slice(at);
  if (inner.length === 0) return [];
  // What a remote host runs is one line for its shell, as is what follows flock's -c.
  if (name === "ssh") return ["sh", "-c", inner.join(" ")];
  return name === "flock" && inner[0] === "-c" ? ["sh", ...inner] : inner;
}

function afterOptions(words: readonly string[], taking: ReadonlySet<string>): number {
  let at = 1;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return at + 1;
    if (!word.startsWith("-")) break;
    if (takesNext(word, taking)) at++;
  }
  return at;
}

function takesNext(word: string, taking: ReadonlySet<string>): boolean {
  if (word.startsWith("--")) return !word.includes("=") && taking.has(word.slice(2));
  // `-u root`, but not `-uroot`.
  return word.length === 2 && taking.has(word.slice(1));
}

/** A shell's `-c` when it is one simple command; a longer script may fail by any that is in it. */
function simpleScript(words: readonly string[]): readonly string[] {
  const flag = words.findIndex((word) => /^-[a-z]*c$/.test(word));
  const script = flag < 0 ? "" : (words[flag + 1] ?? "").trim().replace(/^exec /, "");
  const bare = script.replaceAll(/'[^']*'|"[^"`$]*"|\d?>&\d|&>/g, " ");
  if (/[;&|`\n(){}]/.test(bare)) return [];
  const inner = script.split(/\s+/).filter((word) => !/^\w+=/.test(word));
  return BUILT_INS.has(inner[0] ?? "") ? [] : inner;
}

function baseName(path: string): string {
  // `python3.11` is python3.
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.\d+$/, "");
}
