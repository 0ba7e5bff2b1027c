/** Which programs do work that can fail, and which only say, look or take apart what is there. */

/**
 * Those whose failure hardly ever means that something was lost. All others, and all that we do not
 * know, do work.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  `: . [ [[ alias awk base64 basename bg break builtin cat column comm command compgen complete compopt continue cut date declare
  df diff dirname disown dmesg du echo egrep eval exec eval_gettext eval_gettextln exit export expr false fgrep fg file find fmt fold free
  gawk getent getopts grep groups hash head history hostname id ip jobs join jq journalctl kill last
  less let lines local logger logname ls lsb_release lsblk lsof man mapfile mawk md5sum more mount
  netstat nl nproc numfmt od paste pgrep pidof pkill printenv printf ps pwd read readarray readlink
  readonly realpath return rev seq set sha1sum sha256sum sha512sum shasum shift shopt sleep sort
  source ss stat strings stty sum tac tail tee test time times timedatectl top tput tr trap true
  tty type typeset ulimit umask unalias uname uniq unset uptime users vmstat wait wc whereis which
  who whoami xargs xxd yes cd dpkg-query crontab apt-cache gettext gettextln ngettext mktemp perldoc sed`.split(
    /\s+/,
  ),
);

/** What takes away or ends; that there was nothing is no failure. */
const CLEANUPS: ReadonlySet<string> = new Set(
  "deluser dropdb groupdel killall losetup mkdir rm rmdir swapoff umount unlink userdel".split(" "),
);

/** What a tool is asked that takes away, ends or only looks. */
const GENTLE_WORD =
  /^(?:cat-file|config|delete|describe|diff(?:-tree|-index|-files)?|disable|down|drop|for-each-ref|grep|info|inspect|is-active|is-enabled|is-failed|images|kill|list|log|ls|ls-files|ls-remote|ls-tree|merge-base|name-rev|port|prune|ps|remove|rev-list|rev-parse|rm|rmi|shortlog|show|status|stop|symbolic-ref|top|update-index|version|--(?:get|list|print|query)[\w-]*|--version|--help)$/;

/** What makes the data that a pipe hands on: what comes of its failure looks like data, too. */
const SOURCES: ReadonlySet<string> = new Set(
  `aws borg btrfs curl docker gcloud gpg gsutil http kubectl mariadb mariadb-dump mongodump mysql
  mysqldump openssl pg_basebackup pg_dump pg_dumpall pg_restore psql rclone redis-cli restic rsync scp sqlite3
  ssh tar wget zfs`.split(/\s+/),
);

/** What keeps what comes through a pipe. */
const KEEPERS: ReadonlySet<string> = new Set(["dd", "tee"]);

/** Their exit code tells whether something was found. */
const SEARCHES: ReadonlySet<string> = new Set([
  "grep",
  "egrep",
  "fgrep",
  "rg",
  "zgrep",
  "grepq",
  "bzgrep",
  "xzgrep",
]);

/** `$GREP` and `${grep}` are named after what they are. */
export function plainName(name: string): string {
  const variable = /^\$\{?(?<name>\w+)\}?$/.exec(name)?.groups?.["name"];
  return variable?.toLowerCase() ?? name;
}

/** Whether it only looks whether something is in what comes. */
export function isSearch(name: string): boolean {
  return SEARCHES.has(plainName(name));
}

/** The words that make a source of programs that do much else. */
const SOURCE_WORDS: Readonly<Record<string, RegExp>> = {
  openssl: /^(?:enc|smime|cms|pkcs12|aes|des)/,
};

/** Whether it makes data that others take for the whole. */
export function isSource(name: string, words: Words = []): boolean {
  const plain = plainName(name);
  const isSo = SOURCE_WORDS[plain]?.test(words[0]?.value ?? "") ?? true;
  return SOURCES.has(plain) && isSo;
}

/** Whether what is piped into it lasts. */
export function keepsInput(name: string, words: Words = []): boolean {
  const plain = plainName(name);
  // What a variable or a filter of one's own does with it cannot be told.
  if (name.includes("$")) return SOURCES.has(plain) || KEEPERS.has(plain);
  const isFilter = name === "perl" && words.some(({ value }) => /^-\w*[np]/.test(value));
  return KEEPERS.has(name) || (doesWork(name) && !isFilter && !mayFail(name, words));
}

/** Whether its failure means that something was not done. */
export function doesWork(name: string): boolean {
  // A name that is only known at run time.
  // Debian's questions answer 30 where one is not shown.
  return name !== "" && !HARMLESS.has(name) && !name.startsWith("db_");
}

/** The words of a command, as far as they are looked at here. */
type Words = readonly { readonly value: string }[];

/** The letters that make a question of what else changes packages. */
const ASKING: Readonly<Record<string, RegExp>> = {
  dpkg: /^-(?:[LlSspCI]|-(?:list|status|search|listfiles|print|compare|audit))/,
  rpm: /^-[a-z]*q/,
  pacman: /^-Q/,
  openssl: /^(?:x509|pkey|s_client|dgst|md5|sha\d+|verify|version)$/,
  iptables: /^-[LS]|^-t$/,
  gpg: /^(?:--dry-run|--with-colons|--fingerprint|-[kK])/,
  tar: /^(?:-?(?![A-Za-z]*[crux])[A-Za-z]*t|--list)/,
};

/** Whether it may fail because there was nothing to take away, or because it was only a question. */
export function mayFail(name: string, words: Words): boolean {
  const plain = plainName(name);
  const isEdit = plain === "sed" && words.some(({ value }) => /^-[a-zE]*i|^--in-place/.test(value));
  if (isEdit) return false;
  if (!doesWork(plain) || CLEANUPS.has(plain) || isSearch(plain)) return true;
  if (ASKING[plain]?.test(words[0]?.value ?? "") === true) return true;
  return words.slice(0, 3).some(({ value }) => GENTLE_WORD.test(value));
}

/** What plainly changes something, where an unknown program may only look. */
const DOERS: ReadonlySet<string> = new Set(
  `ansible-playbook apk apt apt-get bash bzip2 cargo certbot composer cp dd dnf dash
  docker-compose e2fsck git go gradle gunzip gzip helm install java ln make mkfs mkswap mount mv mvn
  mysql mysqladmin mysqlimport node npm npx patch perl php pip pip3 pnpm podman pvcreate python
  python2 python3 rake ruby sed sendmail service sftp sh systemctl terraform unxz unzip useradd
  usermod xz yarn yum zip zstd zypper`.split(/\s+/),
);

/** Whether it is known to do what would be missed: a copy, an installation, a script of one's own. */
export function isDoer(name: string, words: Words): boolean {
  const plain = plainName(name);
  const isOwn = /\.(?:sh|bash|py|pl|rb|js|ts)$/.test(name);
  // `perl -e …` may be anything.
  if (
    /^(?:perl|php|python[23]?|ruby|node)$/.test(plain) &&
    words[0]?.value.startsWith("-") === true
  )
    return false;
  return (isOwn || isSource(plain, words) || DOERS.has(plain)) && !mayFail(name, words);
}
