/** `holdfast completion`: scripts that complete commands, flags and their values in a shell. */

import { EXIT } from "../core/exit-codes.ts";
import type { Command } from "./command.ts";

type Loaders = Readonly<Record<string, () => Promise<Command>>>;

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** Makes the command, which has to know all the others. */
export function completion(loaders: Loaders): Command {
  return {
    name: "completion",
    summary: "Print a completion script for a shell",
    usage: "bash|zsh|fish",
    positionals: { min: 1, max: 1 },
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
        world.complain(
          `holdfast completion: expected bash, zsh or fish, received ${JSON.stringify(shell)}\n`,
        );
        return EXIT.usage;
      }
      const others = Object.entries(loaders).filter(([name]) => name !== "completion");
      const commands = await Promise.all(others.map(([, load]) => load()));
      world.print(script([...commands, completion(loaders)]));
      return EXIT.ok;
    },
  };
}

function flagsOf({ flags }: Command): string[] {
  return [...Object.keys(flags), "help"].map((name) => `--${name}`);
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) => `    ${command.name}) words="${flagsOf(command).join(" ")}" ;;`,
  );
  const values = choicesOf(commands).map(
    ([flag, choices]) =>
      `    --${flag}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word")); return ;;`,
  );
  return `# holdfast: completion for bash
_holdfast() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word"))
    return
  fi
  case "$before" in
${values.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _holdfast holdfast
`;
}

function zsh(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, flags }) => {
    const specs = Object.entries(flags).map(([flag, { type, summary, choices, multiple }]) => {
      const text = summary.replaceAll(/[[\]:]/g, " ");
      const value =
        type === "boolean"
          ? ""
          : `:value:${choices === undefined ? "_files" : `(${choices.join(" ")})`}`;
      return quote(`${multiple === true ? "*" : ""}--${flag}[${text}]${value}`);
    });
    return `    ${name}) _arguments ${[...specs, "'--help[Show help]'", "'*:file:_files'"].join(" ")} ;;`;
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

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap(({ name, summary, flags }) => [
    `complete -c holdfast -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...Object.entries(flags).map(([flag, { type, summary: does, choices }]) => {
      const takes =
        type === "boolean"
          ? ""
          : choices === undefined
            ? " -r -F"
            : ` -x -a ${quote(choices.join(" "))}`;
      return `complete -c holdfast -n '__fish_seen_subcommand_from ${name}' -l ${flag} -d ${quote(does)}${takes}`;
    }),
  ]);
  return `# holdfast: completion for fish\ncomplete -c holdfast -n __fish_use_subcommand -f\n${lines.join("\n")}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function choicesOf(commands: readonly Command[]): [string, readonly string[]][] {
  const flags = commands.flatMap((command) => Object.entries(command.flags));
  return flags.flatMap(([name, { choices }]) => (choices === undefined ? [] : [[name, choices]]));
}
