import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { UsageError, type Listing } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { completion } from "./completion.ts";
import { fakeWorld, runCommand, SAMPLE, SAMPLE_SUMMARY } from "./world-fixture.contract.ts";

const WORDLESS = {
  ...SAMPLE,
  name: "list",
  flags: {},
  positionals: { min: 0, max: 0, words: [] },
};

/** The script of a program with two commands beside `completion`. */
async function script(shell: string) {
  const command = completion({
    sample: { summary: SAMPLE_SUMMARY, load: async () => SAMPLE },
    list: { summary: "List", load: async () => WORDLESS },
    completion: COMMANDS["completion"] as Listing,
  });
  return runCommand(command, [shell], fakeWorld());
}

test.for<[shell: string, line: string]>([
  ["bash", '*) words="last $(holdfast runs --ids 2>/dev/null)"'],
  ["zsh", '"1:word:(last $(holdfast runs --ids 2>/dev/null))"'],
  ["fish", "-f -a 'last (holdfast runs --ids 2>/dev/null)'"],
])("in %s, runs are completed by their names", async ([shell, line]) => {
  const positionals = { min: 1, max: 1, words: ["last"], areRuns: true } as const;
  const command = completion({
    sample: { summary: SAMPLE_SUMMARY, load: async () => ({ ...SAMPLE, positionals }) },
  });

  expect((await runCommand(command, [shell], fakeWorld())).stdout).toContain(line);
});

test("for bash", async () => {
  expect((await script("bash")).stdout).toMatchInlineSnapshot(`
    "# holdfast: completion for bash
    _holdfast_files() {
      local IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$word"))
    }
    _holdfast() {
      local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
      COMPREPLY=()
      case "$COMP_CWORD:\${COMP_WORDS[1]}" in
        1:*) words="sample list completion --help --version" ;;
        *:sample)
          case "$before" in
            --input) _holdfast_files ;;
            --tag) words="" ;;
            --mode) words="fast safe dry" ;;
            *) _holdfast_files
              if [[ "$word" == -* ]]; then words="--input --tag --mode --quiet --help" COMPREPLY=(); fi ;;
          esac ;;
        *:list)
          case "$before" in
            *) words=""
              if [[ "$word" == -* ]]; then words="--help" COMPREPLY=(); fi ;;
          esac ;;
        *:completion)
          case "$before" in
            *) words="bash zsh fish"
              if [[ "$word" == -* ]]; then words="--help" COMPREPLY=(); fi ;;
          esac ;;
      esac
      if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi
    }
    complete -o filenames -F _holdfast holdfast
    "
  `);
});

test("for zsh", async () => {
  expect((await script("zsh")).stdout).toMatchInlineSnapshot(`
    "#compdef holdfast
    # holdfast: completion for zsh
    _holdfast() {
      local -a commands=(
        'sample:Show every kind of flag: it'\\''s a sample'
        'list:List'
        'completion:Print a completion script for a shell'
      )
      if (( CURRENT == 2 )); then
        _describe command commands
        return
      fi
      local name="\${words[2]}"
      shift words
      (( CURRENT-- ))
      case "$name" in
        sample) _arguments '--input[What to work on]:value:_files' '*--tag[A tag]:value: ' '--mode[How]:value:(fast safe dry)' '--quiet[Say nothing]' '--help[Show help]' '1:word:_files' ;;
        list) _arguments '--help[Show help]' ;;
        completion) _arguments '--help[Show help]' '1:word:(bash zsh fish)' ;;
      esac
    }
    compdef _holdfast holdfast
    "
  `);
});

test("for fish", async () => {
  expect((await script("fish")).stdout).toMatchInlineSnapshot(`
    "# holdfast: completion for fish
    complete -c holdfast -n __fish_use_subcommand -f
    complete -c holdfast -n __fish_use_subcommand -a sample -d 'Show every kind of flag: it'\\''s a sample'
    complete -c holdfast -n '__fish_seen_subcommand_from sample' -l help -d 'Show help'
    complete -c holdfast -n '__fish_seen_subcommand_from sample' -l input -d 'What to work on' -r -F
    complete -c holdfast -n '__fish_seen_subcommand_from sample' -l tag -d 'A tag' -x -a ''
    complete -c holdfast -n '__fish_seen_subcommand_from sample' -l mode -d 'How' -x -a 'fast safe dry'
    complete -c holdfast -n '__fish_seen_subcommand_from sample' -l quiet -d 'Say nothing'
    complete -c holdfast -n __fish_use_subcommand -a list -d 'List'
    complete -c holdfast -n '__fish_seen_subcommand_from list' -f -a ''
    complete -c holdfast -n '__fish_seen_subcommand_from list' -l help -d 'Show help'
    complete -c holdfast -n __fish_use_subcommand -a completion -d 'Print a completion script for a shell'
    complete -c holdfast -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
    complete -c holdfast -n '__fish_seen_subcommand_from completion' -l help -d 'Show help'
    "
  `);
});

test("bash takes its script, whichever commands there are", async () => {
  const { stdout } = await script("bash");

  const { status, stderr } = spawnSync("bash", ["-n"], { input: stdout, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.for(["tcsh", "toString"])("refuses %s", async (shell) => {
  await expect(script(shell)).rejects.toThrow(
    new UsageError(`expected bash, zsh or fish, received "${shell}"`),
  );
});
