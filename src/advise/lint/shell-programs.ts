/** Which programs do work that can fail, and which only say, look or take apart what is there. */

/**
 * Those whose failure hardly ever means that something was lost. All others, and all that we do not
 * know, do work.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  `: . [ [[ alias awk base64 basename bg break builtin cat column comm command continue cut date declare
  df diff dirname disown dmesg du echo egrep eval exec eval_gettext eval_gettextln exit export expr false fgrep fg file find fmt fold free
  gawk getent getopts grep groups hash head history hostname id ip jobs join jq journalctl kill last
  less let lines local logger logname ls lsb_release lsblk lsof man mapfile mawk md5sum more mount
  netstat nl nproc numfmt od paste pgrep pidof pkill printenv printf ps pwd read readarray readlink
  readonly realpath return rev seq set sha1sum sha256sum sha512sum shasum shift shopt sleep sort
  source ss stat strings stty sum tac tail tee test time times timedatectl top tput tr trap true
  tty type typeset ulimit umask unalias uname uniq unset uptime users vmstat wait wc whereis which
  who whoami xargs xxd yes cd dpkg-query gettext gettextln ngettext mktemp perldoc sed`.split(
    /\s+/,
  ),
);

/** What takes away or ends; that there was nothing is no failure. */
const CLEANUPS: ReadonlySet<string> = new Set(
  "deluser dropdb groupdel killall losetup mkdir rm rmdir swapoff umount unlink userdel".split(" "),
);

/** What a tool is asked that takes away, ends or only looks. */
const GENTLE_WORD =
  /^(?:cat-file|config|delete|describe|diff|disable|down|drop|for-each-ref|grep|info|inspect|is-active|is-enabled|is-failed|kill|list|log|ls|ls-files|ls-tree|merge-base|name-rev|prune|remove|rev-list|rev-parse|rm|rmi|shortlog|show|status|stop|symbolic-ref|version|--(?:get|list|print|query)[\w-]*|--version|--help)$/;

/** What makes the data that a pipe hands on: what comes of its failure looks like data, too. */
const SOURCES: ReadonlySet<string> = new Set(
  `aws borg btrfs curl docker gcloud gpg gsutil http kubectl mariadb-dump mongodump mysql
  mysqldump openssl pg_basebackup pg_dump pg_dumpall pg_restore psql rclone redis-cli restic rsync scp sqlite3
  ssh tar wget zfs`.split(/\s+/),
);

/** What keeps what comes through a pipe. */
const KEEPERS: ReadonlySet<string> = new Set(["cat", "dd", "tee"]);

/** Whether it makes data that others take for the whole. */
export function isSource(name: string): boolean {
  return SOURCES.has(name);
}

/** Whether what is piped into it lasts. */
export function keepsInput(name: string): boolean {
  return doesWork(name) || KEEPERS.has(name);
}

/** Whether its failure means that something was not done. */
export function doesWork(name: string): boolean {
  // A name that is only known at run time.
  // Debian's questions answer 30 where one is not shown.
  return name !== "" && !HARMLESS.has(name) && !name.startsWith("db_");
}

/** Whether it may fail because there was nothing to take away, or because it was only a question. */
export function mayFail(name: string, words: readonly { readonly value: string }[]): boolean {
  const isEdit = name === "sed" && words.some(({ value }) => /^-[a-zE]*i|^--in-place/.test(value));
  if (isEdit) return false;
  if (!doesWork(name) || CLEANUPS.has(name)) return true;
  return words.slice(0, 3).some(({ value }) => GENTLE_WORD.test(value));
}
