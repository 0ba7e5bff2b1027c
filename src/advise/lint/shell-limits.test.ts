import { expect, test } from "vitest";
import { lintShell } from "./shell.ts";

/** Each would take minutes if it were looked through once per command. */
test.for<[says: string, script: (count: number) => string]>([
  ["removals", (count) => 'DIR=$(pick)\nrm -rf "$DIR/x"\n'.repeat(count)],
  ["options", (count) => "set -e; set +e; curl x\n".repeat(count)],
  ["tests", (count) => '[ "$(redis-cli ping)" = PONG ]\n'.repeat(count)],
  ["substitutions", (count) => "cat <(make)\n".repeat(count)],
  ["changes of directory", (count) => "cd x\n".repeat(count)],
  ["shells", (count) => "bash -c 'curl x'\n".repeat(count)],
  ["comments", (count) => "# holdfast-lint-ignore curl-fail: so\n".repeat(count)],
  ["wrappers", (count) => `${"sudo ".repeat(count)}curl`],
  ["words in a line", (count) => `echo ${"$a ".repeat(count * 10)}`],
  ["parentheses", (count) => "(".repeat(count) + "a" + ")".repeat(count)],
  ["substitutions in each other", (count) => "$(".repeat(count) + "a" + ")".repeat(count)],
  [
    "conditions in each other",
    (count) => "if a; then ".repeat(count) + "b;" + " fi;".repeat(count),
  ],
])("five thousand %s are looked through", ([, script]) => {
  const text = script(5_000);
  const lines = text.split("\n").length;

  expect(lintShell(text).filter(({ line }) => line < 1 || line > lines)).toEqual([]);
});
