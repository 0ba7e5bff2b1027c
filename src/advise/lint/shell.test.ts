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
    "curl -sSL https://x | sh",
    "get() {\n  curl -sS -o f https://x\n}\nget",
    "curl https://x -H 'A: -f'",
    "curl -X POST -d @f https://x",
    "curl -sd -f https://x",
    "/usr/bin/curl --output f --silent https://x",
    "if ! curl -s https://x > f; then exit 1; fi",
    "curl -sS https://x \\\n  -o f",
    "xargs -n1 < urls true; curl -s $(cat url)",
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
    "mysqldump a | gzip > a.gz",
    "mysqldump a |\n  gzip -9 \\\n  > a.gz",
    "tar cz . | ssh h 'cat > x.tgz'",
    "ssh h tar c . | tar x",
    "tar c . | tar x",
    "(pg_dump x | gzip) > y",
    "while read d; do pg_dump $d | gzip > $d.gz; done < list",
    "if pg_dump x | gzip > y; then echo fine; fi",
    "pg_dump x | gzip > y && echo fine",
    "docker exec db pg_dump x | gzip > y",
    "curl -f x | sh",
    "zcat d.sql.gz | psql -v ON_ERROR_STOP=1",
  ],
  [
    "psql-stop",
    "psql -f x.sql",
    "psql app < x.sql",
    "cat x.sql | psql",
    "psql <<E\nselect 1\nE",
    "psql -qAt --file=x.sql",
    "psql -v a=1 -1 -f x",
    "PGPASSWORD=x psql -h h -U u -d d -f x.sql",
    "psql app -f a.sql -f b.sql",
    "sudo -u postgres psql -f x.sql",
    "psql -v ON_ERROR_STOP -f x; psql --file x -1",
    "psql <<-'E'\n\tselect 1\n\tE",
    "psql <<< 'select 1; select 2'",
    "docker exec -i db psql < x.sql",
    "kubectl exec -i db -- psql -f x.sql",
    "psql -v ON_ERROR_STOP=0 -f x",
    "psql --set=ON_ERROR_STOP=off -f x",
    "ssh h psql -f x.sql",
  ],
  [
    "redis-error",
    "x=$(redis-cli GET a); [ -n $x ]",
    "redis-cli SET a b",
    "redis-cli -h x -p 1 GET -e",
    "redis-cli < f",
    "echo 'SET a b' | redis-cli",
    "redis-cli --no-auth-warning -a $P FLUSHALL",
    "redis-cli -n 2 DEL key",
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
    'rm -rf "$DIR/"',
    'rm -rf "$DIR"/.',
    "rm -r -f -- $DIR/*",
    "sudo rm -rf ${DIR}/*",
    "DIR=$(pick) || true; rm -rf $DIR/x",
    "read -r DIR; rm -rf $DIR/x",
    "clean() { rm -rf $1/x; }\nclean",
  ],
  [
    "unchecked-directory",
    "cd $X\nrm -rf out",
    "cd x; find . -delete",
    "cd x; git clean -fd",
    "cd x\nrm -rf *",
    "cd x && cd y\nrm -rf -- ./*",
    "cd x || true\nrm -rf out",
  ],
  [
    "unnoticed-failure",
    "#!/bin/sh\n. ./lib.sh\npg_dump x\necho",
    "#!/bin/sh\ncp a b\necho done",
    "#!/bin/sh\n./job.sh; echo ok",
    "#!/bin/sh\n$TAR cf x .\necho",
    "#!/bin/sh\na && b\ncp c d\nexit 0",
    "bash -c 'cp a b; echo'",
  ],
  [
    "errexit-hole",
    "set -e\nf() {\n  local x=$(pg_dump y)\n  echo $x\n}",
    "set -e\nexport X=`tar c .`\necho",
    "set -euo pipefail\nf() {\n  cp a b\n  echo done\n}\nif f; then echo; fi",
    "set -e\nf() {\n  cp a b\n  echo done\n}\nf || exit 1",
    "set -e\npg_dump x > y && gzip y\necho done",
    "#!/bin/sh -e\napt-get update && apt-get install x\necho",
  ],
  [
    "swallowed-failure",
    "make || { echo failed; echo again >&2; }",
    "rsync a b || echo failed",
    "a && make || logger no",
    "make || printf no",
  ],
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
    [
      "tmp=$(mktemp); trap 'rm -f $tmp' EXIT",
      "tmp=$(mktemp); trap clean exit term",
      "mktemp -u",
      "tmp=$(tempfile)",
    ],
  ],
  [
    "stale-number",
    [
      "kill -9 $(cat /run/x.pid)",
      'kill "`cat x.pid`"',
      "kill -TERM $(<x.pid)",
      "sudo kill $(cat x)",
    ],
    ["kill -0 $(cat x.pid)", "kill $pid", "kill $(pgrep x)", "pkill -F x.pid y"],
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
  [
    "curl -fsS x",
    "curl -sSfo f x",
    "curl -Lf x -o f",
    'if [ "$(curl -s x)" = ok ]; then echo y; fi',
    "x=$(curl -s y); [[ $x == ok ]] || exit",
    "x=$(curl -s y); case $x in ok) ls ;; esac",
    "x=$(curl -s y); if [ $(echo $x | jq -r .a) = 1 ]; then ls; fi",
    "x=$(curl -s y | grep -E '^[0-9.]+$')",
    "h=$(curl -sI y)",
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
  [
    "zcat x | tar x",
    "gpg -d x | tar x",
    "curl -f x | gunzip > y",
    "curl -f x | gpg --dearmor > y",
    "openssl pkey -in k | openssl md5",
    "dpkg -L x | perl -ne 'print'",
    "check() { :; }; perf stat | check",
    "docker ps -q | wc -l",
    "x=$(curl -f y | jq .a); [ $x = 1 ]",
    "make | $comp - x",
    "tar tf x | sed s/a/b/ > list",
  ],
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
  [
    "psql -v ON_ERROR_STOP=true -f x",
    "psql --variable ON_ERROR_STOP=1 -f x",
    "psql -v ON_ERROR_STOP= -c 'select 1; select 2'",
    "psql -c 'select 1' -c 'select 2'",
    "psql --command 'select 1'",
    "psql $OPTS -f x",
  ],
  ["psql <<E\n\\set ON_ERROR_STOP on\nselect 1\nE", "psql"],
  // redis-error, sql-bail
  [
    "redis-cli -e GET a",
    "redis-cli ping | grep -q PONG",
    '[ "$(redis-cli ping)" = PONG ]',
    "test `redis-cli ping` = PONG",
    "until [[ $(redis-cli ping) == PONG ]]; do sleep 1; done",
    "x=$(redis-cli GET a); [ $x = 1 ]",
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
    "DIR=$(mktemp -d) || exit; rm -rf $DIR/y",
    'DIR="$(cd "$(dirname "$0")" && pwd)"; rm -rf $DIR/y',
    "DIR=`pwd -P`; rm -rf $DIR/y",
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
  ["cp a b\necho done", "#!/bin/sh\nglxinfo\necho", "#!/bin/sh\nperl -e 'print 1'\necho"],
  // errexit-hole
  [
    "set -e\nx=$(pg_dump y)\necho",
    "set -e\nf() {\n  cp a b || return\n  echo\n}\nif f; then ls; fi",
    "set -e\nf() {\n  cp a b\n  echo\n}\nf",
    "set -e\n[ -f a ] && cp a b\necho",
    "set -e\nif cp a b && cp c d; then ls; fi\necho",
    "set -e\ncp a b && cp c d",
    "set -e\ncp a b && cp c d || exit 1\necho",
    'set -e\nf() {\n  git "$@"\n  echo\n}\nf x || exit',
    "set -e\nexport x=$(cat y | md5sum)\necho",
  ],
  // swallowed-failure
  ['git web x || echo "$url"', "make || echo 'line of it' >> f", 'grepq a b || printf "%s\\n" $x'],
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
    "find . -exec check {} \\; -print",
  ],
  [
    "while read x; do :; done < <(pg_dump x); wait $! || exit",
    ". ./lib.sh; while read x; do :; done < <(my_list)",
    "while read x; do :; done < <(iptables -L)",
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

test.for<[says: string, text: string, found: string[]]>([
  ["CR LF", "#!/bin/sh\r\ncurl x\r\nif true; then\r\n  ls\r\nfi\r\n", ["syntax 1", "curl-fail 2"]],
  ["a byte order mark", "\uFEFF#!/bin/sh\ncurl x", ["syntax 1", "curl-fail 2"]],
  [
    "another language behind exec",
    '#!/bin/sh\ncurl x\nexec python3 "$0"\nif true:\n',
    ["curl-fail 2"],
  ],
  ["an archive behind exit", "#!/bin/sh\ncurl x\nexit 0\n((`\0'\n", ["curl-fail 2"]],
  [
    "another language behind nothing",
    "#!/bin/sh\ncurl x\nexec > log\nif true; then\n",
    ["syntax 5"],
  ],
])("of a script with %s the rest is judged", ([, text, rules]) => {
  expect(found(text).filter((each) => !each.startsWith("unnoticed"))).toEqual(rules);
});

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
])("ten thousand %s are looked through", ([, script]) => {
  const text = script(10_000);
  const lines = text.split("\n").length;

  expect(lintShell(text).filter(({ line }) => line < 1 || line > lines)).toEqual([]);
});
