/** `holdfast completion`: scripts that complete commands, flags and their values in a shell. */

import { EXIT } from "../core/exit-codes.ts";
import { UsageError, type Command, type Flag, type Listing } from "./command.ts";
import { quoted } from "../core/shell-word.ts";

/** A command, and what the overview says of it. */
type Described = Command & Pick<Listing, "summary">;

const SHELLS: Readonly<Record<string, (commands: readonly Described[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** Makes the command, which has to know all the others. */
export function completion(listings: Readonly<Record<string, Listing>>): Command {
  return {
    name: "completion",
    usage: "bash|zsh|fish",
    positionals: { min: 1, max: 1, words: Object.keys(SHELLS) },
    flags: {},
    examples: [
      { line: 'eval "$(holdfast completion bash)"', does: "In ~/.bashrc" },
      {
        line: "holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
        does: "For fish",
      },
    ],
    async run(args, world) {
      const [shell = ""] = args.positionals;
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined) {
        throw new UsageError(`expected bash, zsh or fish, received ${JSON.stringify(shell)}`);
      }
      const commands = Object.values(listings).map(async ({ summary, load }) => {
        return { ...(await load()), summary };
      });
      world.print(script(await Promise.all(commands)));
      return EXIT.ok;
    },
  };
}

function flagsOf({ flags }: Command): string[] {
  return [...Object.keys(flags), "help"].map((name) => `--${name}`);
}

/** How a shell asks for the ids of the newest runs. */
const RUN_IDS = "$(holdfast runs --ids 2>/dev/null)";

/** What stands after a flag or as a word: one of these, or a file. */
type Offer = readonly string[] | "files";

function offerOf({ type, value = "", choices, offers }: Flag): Offer | undefined {
  if (type === "boolean") return undefined;
  return choices ?? offers ?? (value.includes("FILE") ? "files" : []);
}

function bash(commands: readonly Command[]): string {
  const reply = (offer: Offer) =>
    offer === "files" ? "_holdfast_files" : `words="${offer.join(" ")}"`;
  const cases = commands.map((command) => {
    const { name, flags, positionals } = command;
    const values = Object.entries(flags).flatMap(([flag, how]) => {
      const offer = offerOf(how);
      return offer === undefined ? [] : [`        --${flag}) ${reply(offer)} ;;`];
    });
    return `    *:${name})
      case "$before" in
${[...values, `        *) ${reply(wordsOf(positionals))}`].join("\n")}
          if [[ "$word" == -* ]]; then words="${flagsOf(command).join(" ")}" COMPREPLY=(); fi ;;
      esac ;;`;
  });
  return `# holdfast: completion for bash
_holdfast_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$word"))
}
_holdfast() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  case "$COMP_CWORD:\${COMP_WORDS[1]}" in
    1:*) words="${[...commands.map(({ name }) => name), "--help", "--version"].join(" ")}" ;;
${cases.join("\n")}
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi
}
complete -o filenames -F _holdfast holdfast
`;
}

function wordsOf({ words, areRuns }: Command["positionals"]): Offer {
  return areRuns === true ? [...(words ?? []), RUN_IDS] : (words ?? "files");
}

function zsh(commands: readonly Described[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const action = (offer: Offer) => {
    if (offer === "files") return "_files";
    // A blank is how zsh writes "nothing to offer".
    return offer.length === 0 ? " " : `(${offer.join(" ")})`;
  };
  const cases = commands.map(({ name, flags, positionals }) => {
    const specs = Object.entries(flags).map(([flag, how]) => {
      const text = how.summary.replaceAll(/[[\]:]/g, " ");
      const offer = offerOf(how);
      const value = offer === undefined ? "" : `:value:${action(offer)}`;
      return quoted(`${how.multiple === true ? "*" : ""}--${flag}[${text}]${value}`);
    });
    const words =
      positionals.max === 0
        ? []
        : [
            positionals.areRuns === true
              ? `"1:word:${action(wordsOf(positionals))}"`
              : quoted(`1:word:${action(wordsOf(positionals))}`),
          ];
    return `    ${name}) _arguments ${[...specs, "'--help[Show help]'", ...words].join(" ")} ;;`;
  });
  return `#compdef holdfast
# holdfast: completion for zsh
_holdfast() {
  local -a commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join("\n")}
  esac
}
compdef _holdfast holdfast
`;
}

/** Fish runs a command in an argument each time that it is completed. */
function fishWords(after: string, positionals: Command["positionals"]): string[] {
  const offer = wordsOf(positionals);
  return offer === "files" ? [] : [`${after} -f -a ${quoted(offer.join(" ").replace("$(", "("))}`];
}

function fish(commands: readonly Described[]): string {
  const lines = commands.flatMap(({ name, summary, flags, positionals }) => {
    const after = `complete -c holdfast -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c holdfast -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...fishWords(after, positionals),
      `${after} -l help -d 'Show help'`,
      ...Object.entries(flags).map(([flag, how]) => {
        const offer = offerOf(how);
        const takes =
          offer === undefined
            ? ""
            : offer === "files"
              ? " -r -F"
              : ` -x -a ${quoted(offer.join(" "))}`;
        return `${after} -l ${flag} -d ${quoted(how.summary)}${takes}`;
      }),
    ];
  });
  return `# holdfast: completion for fish\ncomplete -c holdfast -n __fish_use_subcommand -f\n${lines.join("\n")}\n`;
}
