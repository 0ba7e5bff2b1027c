/**
 * A supervisor around a command: whoever loses its parent becomes the supervisor's child, and not
 * init's (prctl(2), PR_SET_CHILD_SUBREAPER). So nobody leaves the tree, whatever they do to their
 * session and environment, without a namespace and the rights that one takes.
 *
 * Node has no such call. perl is there on nearly every Linux, and on every Debian: perl-base is
 * essential. It holds the other end of a pipe: see supervisor-report.ts. When that is closed we are gone,
 * however, and it ends the tree; at once, when it was told that the tree has been asked to. To let go of the
 * tree it is killed.
 */

import { isExecutable } from "./is-executable.ts";
import { limitOf } from "./limit-mark.ts";
import type { Variables } from "./unattended.ts";

/** The numbers of prctl(2) and prlimit64(2). Source: the tables of system calls in Linux' arch/. */
const CALLS: Readonly<Record<string, readonly [number, number]>> = {
  x64: [157, 302],
  arm64: [167, 261],
  riscv64: [167, 261],
  loong64: [167, 261],
  ia32: [172, 340],
  arm: [172, 369],
  ppc64: [171, 325],
  s390x: [172, 334],
};

const PERL = "/usr/bin/perl";

/**
 * It asks back whether it is a subreaper (37), for the call may be refused, and its number be another
 * one's for this perl; where it is none it starts nothing. 10 is RLIMIT_LOCKS: limit-mark.ts.
 *
 * Its handlers do nothing: Ctrl-C in a terminal is for the command, and unlike an ignored signal one
 * with a handler is as ever after exec. 434 is pidfd_open, from Linux 5.3 on: a signal that comes just
 * before select does not wake it. Where there is none, it looks every 50 ms. waitpid gives -1 when there
 * are no children; then there are no descendants either, for orphans are children.
 *
 * Who multiplies is held still first: a place that one who was killed leaves is taken by another one. A
 * group is ended at once, when it is named after one of the tree. Who forks and ends for ever is another
 * one before a look at the whole table is over, but always our child: those are looked at by themselves.
 */
const SCRIPT = String.raw`
my ($prctl, $prlimit, $limit, $owns_group, @command) = @ARGV;
my @handled = qw(HUP INT QUIT TERM PIPE CHLD USR1 USR2);
$SIG{$_} = sub { } for @handled;
$0 = 'holdfast supervisor';
open my $holdfast, '+<&=', 3 or die;
my $is_reaper = pack 'i', 0;
syscall $prctl, 36, 1, 0, 0, 0;
syscall $prctl, 37, $is_reaper, 0, 0, 0;
exit unless unpack 'i', $is_reaper;
report("held");
delete $ENV{PERL_BADLANG};
/^HOLDFAST_KEPT_(.*)/s and $ENV{$1} = delete $ENV{$_} for keys %ENV;

pipe my $fails, my $failing;
my $pid = fork;
defined $pid or report("failed", $! + 0), exit;
if (!$pid) {
  $SIG{$_} = 'DEFAULT' for @handled;
  setpgrp if $owns_group;
  eval {
    my $limits = pack 'Q2', 0, 0;
    syscall $prlimit, 0, 10, 0, $limits;
    $limits = pack 'Q2', $limit, (unpack 'Q2', $limits)[1];
    syscall $prlimit, 0, 10, $limits, 0;
  };
  exec { $command[0] } @command;
  syswrite $failing, $! + 0;
  exit;
}
open STDIN, '<', '/dev/null';
open $_, '>', '/dev/null' for *STDOUT, *STDERR;
chdir '/';
close $failing;
if (sysread $fails, my $errno, 9) { report("failed", $errno); exit }
report("began");

my $pidfd = syscall 434, $pid, 0;
my $is_running = 1;
my $is_asked;
while (1) {
  while ((my $ended = waitpid -1, 1) > 0) {
    $is_running = 0, report("ended", $? >> 8, $? & 127) if $ended == $pid;
  }
  my $look = '';
  vec($look, 3, 1) = 1;
  vec($look, $pidfd, 1) = 1 if $is_running && $pidfd > 0;
  my $ready = select $look, undef, undef, $is_running && $pidfd < 0 ? .05 : undef;
  next unless $ready > 0 && vec($look, 3, 1);
  sysread $holdfast, my $word, 9 or last;
  $is_asked = 1;
}
my %seen = ($pid => 1);
wait_for(1, sub { signal('TERM'); signal('CONT') }) unless $is_asked;
wait_for(100, sub { }) unless $is_asked;
wait_for(250, sub { my $looks = 10; 1 while signal('STOP') && --$looks; signal('KILL'); hunt() });

sub report { syswrite $holdfast, "@_\n" }

sub signal {
  my (%children, %group);
  opendir my $proc, '/proc';
  for (grep /^\d+$/, readdir $proc) {
    open my $file, '<', "/proc/$_/stat" or next;
    join('', <$file>) =~ /.*\) \S (\d+) (\d+)/s or next;
    push @{$children{$1}}, $_;
    $group{$_} = $2;
  }
  my @own = @{$children{$$} || []};
  for (my $at = 0; $at < @own; $at++) { push @own, @{$children{$own[$at]} || []} }
  my $new = grep !$seen{$_}++, @own;
  my %groups = map { $group{$_} => 1 } grep $seen{$group{$_}}, @own;
  kill "-$_[0]", keys %groups;
  kill $_[0], @own;
  $new;
}

sub hunt {
  my $before = '';
  for (1 .. 1000) {
    open my $file, '<', "/proc/$$/task/$$/children" or return;
    my $children = <$file> // '';
    return if $children eq $before;
    kill 'KILL', split ' ', $before = $children;
    1 while waitpid(-1, 1) > 0;
  }
}

sub wait_for {
  my ($looks, $act) = @_;
  while ($looks-- > 0) {
    my $ended;
    1 while ($ended = waitpid -1, 1) > 0;
    exit if $ended < 0;
    $act->();
    select undef, undef, undef, .02;
  }
}
`;

/** What is started in place of a command. */
export interface Supervised {
  readonly argv: readonly string[];
  readonly env: Variables;
  readonly level: "supervised";
}

/** What a command is told by. */
export interface Signs {
  readonly ownsGroup: boolean;
  readonly mark: string;
}

/** A command with a supervisor around it; `undefined` where this machine has none. */
export function supervise(
  command: readonly string[],
  env: Variables,
  { ownsGroup, mark }: Signs,
): Supervised | undefined {
  const calls = process.platform === "linux" ? CALLS[process.arch] : undefined;
  if (calls === undefined || !isExecutable(PERL)) return undefined;
  const words = [...calls.map(String), limitOf(mark), ownsGroup ? "1" : "", ...command];
  // -f: without the machine's own additions to perl.
  const argv = [PERL, "-f", "-e", SCRIPT, "--", ...words];
  return { argv, env: withoutPerl(env), level: "supervised" };
}

/** What perl itself would obey is put aside for the command. An unknown locale is no news of perl's. */
function withoutPerl(env: Variables): Variables {
  const aside = Object.entries(env).map(([name, value]) => [
    name.startsWith("PERL") ? `HOLDFAST_KEPT_${name}` : name,
    value,
  ]);
  return { ...(Object.fromEntries(aside) as Variables), PERL_BADLANG: "0" };
}
