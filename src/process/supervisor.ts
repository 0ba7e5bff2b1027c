/**
 * A supervisor around a command: whoever loses its parent becomes the supervisor's child, and not
 * init's (prctl(2), PR_SET_CHILD_SUBREAPER). So nobody leaves the tree, whatever they do to their
 * session and environment, without a namespace and the rights that one takes.
 *
 * Node has no such call. perl is there on nearly every Linux, and on every Debian: perl-base is
 * essential. It holds the other end of a pipe, over which it tells how the command started and ended.
 * When that is closed we are gone, however, and it ends the tree. To let go of the tree it is killed.
 */

import type { ChildProcess } from "node:child_process";
import { constants as system } from "node:os";
import type { Duplex } from "node:stream";
import { isExecutable } from "./is-executable.ts";
import type { Variables } from "./unattended.ts";

/** Where the pipe is, for the supervisor. */
const PIPE = 3;

/** The number of prctl(2). Source: the tables of system calls in Linux' arch/. */
const PRCTL: Readonly<Record<string, number>> = { x64: 157, arm64: 167 };

const PERL = "/usr/bin/perl";

/**
 * Its handlers do nothing: Ctrl-C in a terminal is for the command, and unlike an ignored signal one
 * with a handler is as ever after exec. 434 is pidfd_open, from Linux 5.3 on: a signal that comes just
 * before select does not wake it. Where there is none, it looks every 50 ms. waitpid gives -1 when there
 * are no children; then there are no descendants either, for orphans are children.
 */
const SCRIPT = String.raw`
my ($prctl, $owns_group, @command) = @ARGV;
$0 = 'holdfast supervisor';
open my $holdfast, '+<&=', 3 or die;
syscall $prctl, 36, 1, 0, 0, 0;
my @handled = qw(HUP INT QUIT TERM PIPE CHLD);
$SIG{$_} = sub { } for @handled;
delete $ENV{PERL_BADLANG};
/^HOLDFAST_KEPT_(.*)/s and $ENV{$1} = delete $ENV{$_} for keys %ENV;

pipe my $fails, my $failing;
my $pid = fork;
defined $pid or report("failed", $! + 0), exit;
if (!$pid) {
  $SIG{$_} = 'DEFAULT' for @handled;
  setpgrp if $owns_group;
  exec { $command[0] } @command;
  syswrite $failing, $! + 0;
  exit;
}
open STDIN, '<', '/dev/null';
open $_, '>', '/dev/null' for *STDOUT, *STDERR;
chdir '/';
close $failing;
if (sysread $fails, my $errno, 9) { report("failed", $errno); exit }

my $pidfd = syscall 434, $pid, 0;
my $is_running = 1;
while (1) {
  while ((my $ended = waitpid -1, 1) > 0) {
    $is_running = 0, report("ended", $? >> 8, $? & 127) if $ended == $pid;
  }
  my $look = '';
  vec($look, 3, 1) = 1;
  vec($look, $pidfd, 1) = 1 if $is_running && $pidfd > 0;
  my $ready = select $look, undef, undef, $is_running && $pidfd < 0 ? .05 : undef;
  last if $ready > 0 && vec($look, 3, 1) && !sysread $holdfast, my $nothing, 9;
}
signal('TERM');
signal('CONT');
wait_for(100, sub { });
wait_for(250, sub { signal('KILL') });

sub report { syswrite $holdfast, "@_\n" }

sub signal {
  my (%parent, %own);
  opendir my $proc, '/proc';
  for (grep /^\d+$/, readdir $proc) {
    open my $file, '<', "/proc/$_/stat" or next;
    $parent{$_} = $1 if join('', <$file>) =~ /.*\) \S (\d+)/s;
  }
  my @found = ($$);
  while (@found) {
    my %new = map { $_ => 1 } @found;
    @found = grep { $new{$parent{$_}} && !$own{$_}++ } keys %parent;
  }
  kill $_[0], keys %own;
}

sub wait_for {
  my ($looks, $act) = @_;
  while ($looks-- > 0) {
    $act->();
    my $ended;
    1 while ($ended = waitpid -1, 1) > 0;
    exit if $ended < 0;
    select undef, undef, undef, .02;
  }
}
`;

/** What is started in place of a command. */
export interface Supervised {
  readonly argv: readonly string[];
  readonly env: Variables;
}

/** A command with a supervisor around it; `undefined` where this machine has none. */
export function supervise(
  command: readonly string[],
  env: Variables,
  ownsGroup: boolean,
): Supervised | undefined {
  const prctl = process.platform === "linux" ? PRCTL[process.arch] : undefined;
  if (prctl === undefined || !isExecutable(PERL)) return undefined;
  // -f: without the machine's own additions to perl.
  const argv = [PERL, "-f", "-e", SCRIPT, "--", `${prctl}`, ownsGroup ? "1" : "", ...command];
  return { argv, env: withoutPerl(env) };
}

/** What perl itself would obey is put aside for the command. An unknown locale is no news of perl's. */
function withoutPerl(env: Variables): Variables {
  const aside = Object.entries(env).map(([name, value]) => [
    name.startsWith("PERL") ? `HOLDFAST_KEPT_${name}` : name,
    value,
  ]);
  return { ...(Object.fromEntries(aside) as Variables), PERL_BADLANG: "0" };
}

/** How a command's own process ended. */
export interface Exit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** It could not be started. */
  readonly startError?: string | undefined;
  /** It was its supervisor that ended, and it may run on itself. */
  readonly isLost?: boolean | undefined;
}

const LOST: Exit = { exitCode: undefined, signal: "SIGKILL", isLost: true };

/** Settles once the command has ended, or could not be started. Never rejects. */
export function listen(supervisor: ChildProcess): Promise<Exit> {
  const pipe = supervisor.stdio[PIPE] as Duplex;
  let text = "";
  return new Promise((resolve) => {
    pipe.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith("\n")) resolve(parseTold(text));
    });
    pipe.on("error", () => undefined).once("close", () => resolve(LOST));
  });
}

/** Whoever is left is init's then. */
export function letGo(supervisor: ChildProcess): void {
  supervisor.kill("SIGKILL");
  supervisor.stdio[PIPE]?.destroy();
}

/** A line of it. @internal */
export function parseTold(line: string): Exit {
  const [word, ...numbers] = line.trim().split(" ");
  const [first = 0, second = 0] = numbers.map(Number);
  if (word === "failed") {
    const startError = nameOf(system.errno, first) ?? "UNKNOWN";
    return { exitCode: undefined, signal: undefined, startError };
  }
  if (second === 0) return { exitCode: first, signal: undefined };
  // Signals of one's own have numbers only.
  return { exitCode: undefined, signal: nameOf(system.signals, second) ?? `SIG${second}` };
}

function nameOf(numbers: object, number: number): string | undefined {
  return Object.entries(numbers).find(([, each]) => each === number)?.[0];
}
