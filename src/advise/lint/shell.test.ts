import fc from "fast-check";
import { expect, test } from "vitest";
import { isCrontab } from "./crontab.ts";
import { lintCrontab, lintShell, SHELL_RULES, shellOf } from "./shell.ts";

/** `rule line`, of errors and warnings, and of hints where they are asked for by their rule. */
function found(text: string, hint = ""): string[] {
  return lintShell(text)
    .filter(({ severity, rule }) => severity !== "hint" || rule === hint)
    .map(({ rule, line }) => `${rule} ${line}`);
}

test.for<[rule: string, ...scripts: string[]]>([
  [
    "curl-fail",
    "curl -sS https://x",
    "curl https://x -o f",
    "sudo -u bob /usr/bin/curl -sSL $URL",
    "timeout -k 5 10 curl x",
    "env A=1 curl x",
    "curl -ofail x",
    "curl -w '%{time_total}' x",
    "a=$(curl x)",
    'echo "`curl x`"',
    "sh -c 'curl x'",
    'if [ -n "$(curl x)" ]; then echo y; fi',
    "x=$(curl y); [ -z $x ] || echo y",
    "command curl x",
  ],
  [
    "pipe-status",
    "pg_dump x | gzip > d.gz",
    "pg_dump x | gzip | ssh h 'cat > f'",
    "./job.sh | tee log",
    "X=$(curl -f x | jq .)",
    "set -o pipefail; set +o pipefail; tar c . | gzip > x",
    "f() { tar c . | ssh -T h; }",
    "tar c . | tar x",
    "mysqldump a | sed s/a/b/ > out",
  ],
  [
    "psql-stop",
    "psql -f x.sql",
    "psql app < x.sql",
    "cat x.sql | psql",
    "psql <<E\nselect 1\nE",
    "psql -qAt --file=x.sql",
    "psql -v a=1 -1 -f x",
  ],
  [
    "redis-error",
    "x=$(redis-cli GET a); [ -n $x ]",
    "redis-cli SET a b",
    "redis-cli -h x -p 1 GET -e",
    "redis-cli < f",
  ],
  ["sql-bail", "sqlite3 db < x.sql", "sqlite3 db <<E\nselect 1;\nE", "mysql -f db"],
  [
    "remove-variable",
    'rm -rf "$DIR"/*',
    "rm -rf ${DIR}/",
    'rm -r "$1/cache"',
    "rm -fR $A$B/x",
    'rm -rf "${DIR:-}/x"',
    "DIR=\nrm -rf $DIR/x",
    "DIR=$(pick)\nrm -rf $DIR/x",
    "set -u; DIR=$(pick); rm -rf $DIR/x",
    "rm -rf $DIR*",
    "rm --recursive $DIR/..",
    "DIR=/a; DIR=$2; rm -rf $DIR/x",
    'rm -rf "${DIR%/}/x"',
  ],
  ["unchecked-directory", "cd $X\nrm -rf out", "cd x; find . -delete", "cd x; git clean -fd"],
  [
    "unnoticed-failure",
    "#!/bin/sh\n. ./lib.sh\npg_dump x\necho",
    "#!/bin/sh\ncp a b\necho done",
    "#!/bin/sh\n./job.sh; echo ok",
    "#!/bin/sh\n$TAR cf x .\necho",
    "#!/bin/sh\na && b\ncp c d\nexit 0",
    "bash -c 'cp a b; echo'",
  ],
  ["swallowed-failure", "rsync a b || echo failed", "a && make || logger no", "make || printf no"],
  ["wait-status", "./a & ./b &\nwait", "for x in 1 2; do ./a $x & done; wait"],
  ["find-exec", "find . -exec gzip {} \\;", "find . -type f -execdir mv {} x ';'"],
  [
    "substitution-status",
    "while read x; do :; done < <(pg_dump x)",
    "set -e; cat <(restic ls | make)",
  ],
  ["syntax", "if true; then", "echo 'x", "a() {", "$(".repeat(20_000)],
])("%s is told of each of its scripts", ([rule, ...scripts]) => {
  const missed = scripts.filter((script) => !found(script).some((each) => each.startsWith(rule)));

  expect(missed).toEqual([]);
});

test.for<[hint: string, bad: readonly string[], good: readonly string[]]>([
  [
    "transfer-limit",
    ["curl -f x", "wget x"],
    [
      "curl -f -m 5 x",
      "curl -f --max-time 5 x",
      "wget -T 5 x",
      "wget --tries=3 x",
      "curl --help",
      "curl $OPTS x",
    ],
  ],
  [
    "may-prompt",
    ["ssh h ls", "scp a h:", "git clone https://x", "apt-get install x", "apt -q upgrade"],
    [
      "ssh -o BatchMode=yes h ls",
      "ssh -V",
      "git status",
      "git clone git@h:x",
      "apt-get install -y x",
      "apt-get -qq install x",
      "apt-get update",
      "GIT_TERMINAL_PROMPT=0 git pull https://x",
    ],
  ],
  [
    "ignored-failure",
    ["make || true", "make || :", "a && make || true"],
    ["rm x || true", "make || exit 1", "make || true && exit 1", "make && true"],
  ],
  [
    "temporary-left",
    ["tmp=$(mktemp)"],
    ["tmp=$(mktemp); trap 'rm -f $tmp' EXIT", "mktemp -u", "tmp=$(tempfile)"],
  ],
])("the hint %s", ([hint, bad, good]) => {
  const isTold = (script: string) => found(script, hint).some((each) => each.startsWith(hint));

  expect([bad.filter((each) => !isTold(each)), good.filter(isTold)]).toEqual([[], []]);
});

test.for([
  // curl-fail
  ["curl -f x", "curl -sSfL x", "curl --fail-with-body x", "curl --fail x", "curl --version"],
  ['curl "${OPTS[@]}" x', "curl $CURL_FLAGS x", 'curl "$@"', "curl -K config", "curl ftp://h/x"],
  [
    "code=$(curl -s -o /dev/null -w '%{http_code}' x)",
    "echo curl x",
    "# curl x",
    "curl() { :; }; curl x",
  ],
  ["command -v curl", "cat <<E\ncurl x\nE", "x='curl y'"],
  // pipe-status
  [
    "set -o pipefail; pg_dump x | gzip > y",
    "set -euo pipefail\ntar c . | gzip > y",
    "#!/bin/bash -eo pipefail\ntar c . | gzip > y",
  ],
  [
    "ps aux | grep x",
    "echo x | tee f",
    "pg_dump x | grep -q y",
    "x=$(lscpu | awk 1)",
    "cat a | sort > b",
  ],
  ["tar c . | gzip > y; [ ${PIPESTATUS[0]} = 0 ]", "git log | head -1", "curl -f x | head"],
  ["bash -eo pipefail -c 'tar c . | gzip > x'", "f() { tar c . | gzip > x; }; set -o pipefail; f"],
  ['tar c . | "${grep}" x', "tar c . | $GREP x", "bzip2 -cd x | cmp - y"],
  // psql-stop
  [
    "psql -v ON_ERROR_STOP=1 -f x",
    "psql -vON_ERROR_STOP=on < x",
    "psql --set=ON_ERROR_STOP=1 -f x",
    "psql -c 'select 1'",
    "psql -l",
  ],
  ["psql <<E\n\\set ON_ERROR_STOP on\nselect 1\nE", "psql"],
  // redis-error, sql-bail
  [
    "redis-cli -e GET a",
    "redis-cli ping | grep -q PONG",
    '[ "$(redis-cli ping)" = PONG ]',
    "test `redis-cli ping` = PONG",
    "redis-cli",
    "redis-cli --version",
    "redis-cli --cluster info x",
  ],
  ["sqlite3 -bail db < x", "sqlite3 db 'select 1'", "sqlite3 db <<E\n.bail on\nE", "mysql db < x"],
  // remove-variable
  [
    'rm -rf "${DIR:?}"/*',
    'rm -rf "$DIR"',
    'rm -rf "${DIR:-/srv/x}/y"',
    "DIR=/srv; rm -rf $DIR/x",
    "rm -f $DIR/x",
    "rm -rf /srv/$DIR/x",
  ],
  [
    "set -u\nrm -rf $DIR/x",
    "set -eu\nDIR=$(pick)\nrm -rf $DIR/x",
    '[ -n "$DIR" ] || exit; rm -rf $DIR/x',
    'rm -rf "$HOME/x"',
  ],
  [
    'for d in a b; do rm -rf "$d/x"; done',
    ': "${DIR:?}"; rm -rf $DIR/x',
    "DIR=$(mktemp -d)/x; rm -rf $DIR/y",
    "DIR=${1:-/a}; rm -rf $DIR/x",
  ],
  ["rm -rf ${DIR}x", "rm -rf build/$A"],
  // unchecked-directory
  [
    "cd x && rm -rf out",
    "cd x || exit\nrm -rf out",
    "set -e\ncd x\nrm -rf out",
    "cd x; rm -rf /srv/out",
    "cd x; cd y || exit; rm -rf z",
    "if cd x; then rm -rf y; fi",
  ],
  // unnoticed-failure
  [
    "set -e\ncp a b\necho done",
    "cp a b",
    "cp a b || exit 1\necho done",
    "if cp a b; then echo y; fi; echo z",
    "! cp a b\necho",
    "trap 'exit 1' ERR\ncp a b\necho",
  ],
  [
    "cp a b\n[ $? = 0 ] || exit 1\necho",
    "echo a; ls",
    "rm -f a; mkdir b; cp a b",
    "f() {\n  cp a b\n}",
  ],
  [
    "[ $# = 0 ] && exec cp a b\necho",
    ". ./lib.sh\nrequire_tree\necho",
    "source lib; usage\necho",
    "run_$mode x\necho",
  ],
  ["cp a b\n# the end\n\n", "bash -e -c 'cp a b; echo'"],
  // swallowed-failure
  [
    "rm x || true",
    "grep x y || true",
    "docker rm x || true",
    "make || exit 1",
    "make || recover",
    "systemctl stop x || true",
  ],
  ["x=$(make || echo none)", "x=`make || echo none`"],
  ["make || { echo failed; exit 1; }", "make || echo failed && exit 1", "kill $pid || :"],
  // wait-status, find-exec, substitution-status
  [
    "./a & pid=$!; wait $pid",
    "wait",
    "sleep 5 & wait",
    "find . -exec gzip {} +",
    "find . -exec echo {} \\;",
    "find . -name x",
    "find . -exec rm {} \\;",
  ],
  ["diff <(ls a) <(ls b)", "while read x; do :; done < <(git log)", "tee >(gzip > x) < y"],
])("nothing is told of %j", (scripts) => {
  const told = scripts
    .map((script) => [script, found(script)])
    .filter(([, each]) => each?.length !== 0);

  expect(told).toEqual([]);
});

test("where it stands is found however many there are, and comments of many spaces end", () => {
  const lines = 20_000;
  const script = "curl x\n".repeat(lines) + `ls # holdfast-lint-ignore${" ".repeat(lines)}!`;

  const told = found(script).filter((each) => each.startsWith("curl"));

  expect([told.length, told[0], told.at(-1)]).toEqual([lines, "curl-fail 1", `curl-fail ${lines}`]);
});

test("a problem says where, what and what to do", () => {
  expect(lintShell('#!/bin/sh\n  rm -rf "$DIR"/*\n')).toEqual([
    {
      rule: "remove-variable",
      severity: "error",
      line: 2,
      column: 3,
      says: "when DIR is empty, this removes /*",
      fix: "write ${DIR:?}, which ends the script when it is empty",
    },
  ]);
});

test.for([
  ["#!/bin/bash", "set -o pipefail"],
  ["#!/bin/sh", expect.stringMatching(/^this sh may have no pipefail/)],
])("%s is told how to see a pipe's failure", ([first, fix]) => {
  expect(lintShell(`${first}\ntar c . | gzip > x`)).toMatchObject([{ rule: "pipe-status", fix }]);
});

test.for([
  ["", "bash"],
  ["#!/bin/sh", "sh"],
  ["#!/usr/bin/env bash", "bash"],
  ["#!/bin/dash -e", "sh"],
  ["#!/usr/bin/env python3", undefined],
  ["#!/bin/zsh", undefined],
  ["#!/usr/bin/fish", undefined],
] as const)("%j is for %s", ([first, shell]) => {
  expect(shellOf(`${first}\n`)).toBe(shell);
});

test.for<[says: string, text: string, rules: string[]]>([
  ["behind it", "curl x # holdfast-lint-ignore curl-fail: the page is what we want", []],
  ["above it", "# holdfast-lint-ignore curl-fail: it is\n# shellcheck disable=SC1\ncurl x", []],
  ["of several rules", "curl x | ssh -T h # holdfast-lint-ignore curl-fail, pipe-status: so", []],
  ["of another rule", "curl x # holdfast-lint-ignore psql-stop: so", ["curl-fail 1"]],
  ["of another line", "curl x # holdfast-lint-ignore curl-fail: so\ncurl y", ["curl-fail 2"]],
  ["without a reason", "curl x # holdfast-lint-ignore curl-fail", ["curl-fail 1", "lint-ignore 1"]],
  [
    "with an empty one",
    "curl x # holdfast-lint-ignore curl-fail: ",
    ["curl-fail 1", "lint-ignore 1"],
  ],
  ["without a rule", "curl x # holdfast-lint-ignore", ["curl-fail 1", "lint-ignore 1"]],
  ["of a rule that is none", "ls # holdfast-lint-ignore curl: so", ["lint-ignore 1"]],
])("a comment %s", ([, text, rules]) => {
  expect(found(text).filter((each) => !each.startsWith("unnoticed"))).toEqual(rules);
});

const CRONTAB = `# nightly
SHELL=/bin/sh
MAILTO=root

0 3 * * 1-5 pg_dump app | gzip > /var/backups/$(date +%F).gz
@daily /usr/local/bin/job > /dev/null 2>&1
*/5 * * * * curl -fs x &> /dev/null
0 4 * jan,feb mon date +\\%F
`;

test("a crontab's lines are scripts, and have rules of their own", () => {
  const problems = lintCrontab(CRONTAB, { hasUsers: false }).filter(
    ({ severity }) => severity !== "hint",
  );

  expect(problems.map(({ rule, line, column }) => [rule, line, column])).toEqual([
    ["pipe-status", 5, 13],
    ["cron-percent", 5, 55],
    ["cron-silenced", 6, 27],
    ["cron-silenced", 7, 24],
  ]);
});

test("in a machine's own crontab a user's name stands before the command", () => {
  const line = "17 * * * * root curl x\n";

  expect(lintCrontab(line, { hasUsers: true })[0]).toMatchObject({ rule: "curl-fail", column: 17 });
  expect(lintCrontab(line, { hasUsers: false })).toEqual([]);
});

test.for([
  [CRONTAB, true],
  ["# only a comment\n", false],
  ["A=1\n", false],
  ["curl x\n", false],
  ["0 3 * * * a\nls\n", false],
  ["echo 1 2 3 4 5 6\n", false],
] as const)("%j is a crontab: %s", ([text, is]) => {
  expect(isCrontab(text)).toBe(is);
});

test("every rule says what happens and what to do, in a line without a full stop, under its own name", () => {
  const ids = SHELL_RULES.map(({ id }) => id);
  const texts = SHELL_RULES.flatMap(({ why, fix }) => [why, fix]);

  expect(new Set(ids).size).toBe(ids.length);
  expect(texts.filter((text) => !/^[^\n]{3,250}[^.\n]$/.test(text))).toEqual([]);
});

test("whatever it is given, it answers problems that stand in it", () => {
  const words = fc.constantFrom(
    "curl",
    "|",
    "&&",
    "||",
    ";",
    "\n",
    "$(",
    ")",
    "`",
    '"',
    "'",
    "rm -rf",
    "$X/",
    "set -e",
    "if",
    "then",
    "fi",
    "<<E",
    "E",
    "{",
    "}",
    "&",
    "wait",
    "bash -c",
    "sudo",
    "-",
    "--",
    "${",
    ":?",
    "psql",
    "< f",
    "%",
    "#",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((each) => each.join(" ")),
      ),
      (text) => {
        const lines = text.split("\n").length;

        const outside = lintShell(text).filter(
          ({ line, column }) => line < 1 || line > lines || column < 1,
        );

        expect(outside).toEqual([]);
      },
    ),
    { numRuns: 2_000 },
  );
});
