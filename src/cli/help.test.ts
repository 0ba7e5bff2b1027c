import { expect, test } from "vitest";
import { COMMANDS } from "./commands.ts";
import { commandHelp, overview } from "./help.ts";
import { run } from "./run.ts";
import { runs } from "./runs.ts";
import { show } from "./show.ts";
import { SAMPLE, SAMPLE_SUMMARY } from "./world-fixture.contract.ts";

function some(...names: readonly string[]): typeof COMMANDS {
  return Object.fromEntries(Object.entries(COMMANDS).filter(([name]) => names.includes(name)));
}

function summaryOf(name: string): string {
  return COMMANDS[name]?.summary ?? "";
}

test("the overview names the commands, the environment and examples", () => {
  expect(overview(some("run", "runs", "show"), "/home/a/.local/state/holdfast"))
    .toMatchInlineSnapshot(`
    "holdfast makes automation fail gracefully and recover by itself.

    Usage: holdfast COMMAND [ARGUMENT...]

    Commands:
      run   Run an automation, or resume it where it was cut off
      runs  List runs, the newest first
      show  Tell what a run did: steps, attempts, faults, undos

    Flags:
      -h, --help     Show help; after a command, that command's
      -V, --version  Show the version

    Environment:
      HOLDFAST_HOME     Where the journal is kept: an absolute path; now /home/a/.local/state/holdfast
      HOLDFAST_JOURNAL  A Postgres database to keep it in instead: postgres://…
      NO_COLOR          When set, nothing is coloured

    Examples:
      holdfast run nightly.ts  Run an automation, or resume it where it was cut off
      holdfast runs            List what ran
      holdfast show last       Tell what the newest run did, step by step
      holdfast resume last     Go on with the newest run
    "
  `);
});

test("a command's help has its usage, details, flags and examples", () => {
  expect(commandHelp(SAMPLE, SAMPLE_SUMMARY)).toMatchInlineSnapshot(`
    "Show every kind of flag: it's a sample.

    Usage: holdfast sample FILE [--input JSON|@FILE] [--tag TAG] [--mode MODE] [--quiet]

    What FILE is.

    Flags:
      --input JSON|@FILE  What to work on
      --tag TAG           A tag
      --mode MODE         How
      --quiet             Say nothing
      -h, --help          Show this help

    Examples:
      # Sample it
      holdfast sample a.ts

      # Quietly
      holdfast sample a.ts --quiet
    "
  `);
});

test("a command that needs no details has none", () => {
  const { details: _, ...brief } = SAMPLE;

  expect(commandHelp(brief, "Brief")).not.toContain("\n\n\n");
});

test("the help of run", () => {
  expect(commandHelp(run, summaryOf("run"))).toMatchInlineSnapshot(`
    "Run an automation, or resume it where it was cut off.

    Usage: holdfast run FILE [--input JSON|@FILE] [--resume|--rollback|--fresh|--dry-run] [--log
           FILE] [--json]

    FILE is a TypeScript or JavaScript file whose default export is an automation. It may import
    "holdfast" without having it installed. Progress goes to the standard error; the standard output
    gets the summary alone.

    A run that was cut off is resumed: finished steps are not done again. With other input or changed
    code it takes --resume, --rollback or --fresh. Ctrl-C stops gracefully, and the next start goes on;
    a second Ctrl-C kills.

    Exit codes: 0 all tasks succeeded; 1 failed, nothing to roll back; 2 usage; 65 verification failed;
    69 another process runs it; 70 a bug, or an error that nobody caught; 74 journal; 75 gave up, worth
    trying later; 77 not permitted; 78 bad automation file or configuration; 80 failed and rolled back;
    81 rollback incomplete; 82 a human decides; 128+n ended by signal n.

    Flags:
      --input JSON|@FILE         What the automation works on; journaled, so no secrets
      --resume                   Go on with a run that was cut off, with its own input and the code as
                                 it is now
      --rollback                 Take back what a run that was cut off did; tasks that succeeded are
                                 kept
      --fresh                    Leave what a run that was cut off did, and start anew
      --dry-run                  Do only the reads, and tell what would be done; nothing is journaled
      --decide STEP=absent|JSON  Say of a step in doubt that it did not happen, or what it answered
      --log FILE                 Append JSON log lines to FILE
      --log-format text|json     What goes to the standard error: progress lines (text, the default) or
                                 JSON log lines
      --json                     Print the summary as JSON
      --require-sandbox          Start nothing where the kernel cannot keep it to its permissions (exit
                                 code 77)
      -h, --help                 Show this help

    Examples:
      # Run it
      holdfast run nightly.ts

      # With input
      holdfast run nightly.ts --input '{"directory":"/srv/data"}'

      # With a log for Elasticsearch or Splunk
      holdfast run nightly.ts --log /var/log/nightly.jsonl

      # Look what it would do
      holdfast run nightly.ts --dry-run

      # After somebody looked: the charge was not made
      holdfast run nightly.ts --resume --decide charge=absent
    "
  `);
});

test("the help of runs", () => {
  expect(commandHelp(runs, summaryOf("runs"))).toMatchInlineSnapshot(`
    "List runs, the newest first.

    Usage: holdfast runs [--automation NAME] [--status STATUS] [--limit N] [--ids|--json]

    Flags:
      --automation NAME  Only runs of this automation
      --status STATUS    Only runs in this state: running, interrupted, in-doubt, succeeded, failed,
                         cancelled, abandoned
      --limit N          How many at most; default 20
      --ids              Print only their names, one on a line
      --json             Print them as JSON
      -h, --help         Show this help

    Examples:
      # The newest twenty
      holdfast runs

      # The failed ones, for a program
      holdfast runs --status failed --json
    "
  `);
});

test("the help of show", () => {
  expect(commandHelp(show, summaryOf("show"))).toMatchInlineSnapshot(`
    "Tell what a run did: steps, attempts, faults, undos.

    Usage: holdfast show RUN|last [--json]

    RUN is a run's name as holdfast runs lists it, or enough of its beginning or end to be the only one;
    last is the newest.

    Flags:
      --json      Print everything that the journal holds of it as JSON
      -h, --help  Show this help

    Examples:
      # The newest run
      holdfast show last

      # A certain run, for a program
      holdfast show 01k9x3 --json
    "
  `);
});

test.for([run, runs, show])(
  "the lines of the help of $name fit a terminal, but for its flags",
  (command) => {
    const [text = ""] = commandHelp(command, "Sample").split("\nFlags:");

    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
  },
);

test("no line is wider than the terminal, where its words allow it", () => {
  const texts = [
    commandHelp(run, summaryOf("run"), 60),
    overview(some("run", "runs"), "/home/ann/.local/state/holdfast", 60),
  ];

  const wide = texts.flatMap((text) => text.split("\n")).filter((line) => line.length > 60);
  // Examples are copied, so they stay whole.
  expect(wide).toEqual([`  holdfast run nightly.ts --input '{"directory":"/srv/data"}'`]);
});
