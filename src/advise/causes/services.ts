/** Databases, package managers, git, containers and clouds. */

import { causes, type Causes } from "../cause.ts";

/** See the header. */
export const SERVICE_CAUSES: Causes = causes({
  "SQLITE_BUSY SQLITE_LOCKED": [
    "another connection is writing to the database",
    "wait for it: PRAGMA busy_timeout=5000, short transactions, WAL; then retry",
    "database-lock",
  ],
  "SQLITE_CORRUPT SQLITE_NOTADB": [
    "the file is damaged, or no database",
    "keep a copy, then restore a backup; .recover saves what can be read",
  ],
  "SQLITE_CONSTRAINT SQLSTATE_23505 SQLSTATE_23503 SQLSTATE_23502 SQLSTATE_23514 SQLSTATE_23": [
    "the data breaks a constraint; on a second attempt it may be there by the first one",
    "look whether it is there already; else mend the data",
  ],
  "SQLSTATE_40001 SQLSTATE_40P01 SQLSTATE_40": [
    "the transaction met another one and was taken back",
    "retry the whole transaction, with jitter",
    "database-lock",
  ],
  SQLSTATE_55P03: [
    "somebody else holds the lock that it waited for",
    "retry later; pg_stat_activity and pg_locks name the holder",
    "database-lock",
  ],
  SQLSTATE_53300: [
    "Postgres has no connection left",
    "back off; use a pool (PgBouncer), close idle connections",
  ],
  SQLSTATE_57014: [
    "a statement_timeout ended the statement, or somebody cancelled it",
    "retry once; then see what it waits for (EXPLAIN, pg_locks), or allow more time",
  ],
  "SQLSTATE_57P01 SQLSTATE_57P02 SQLSTATE_57P05 SQLSTATE_08": [
    "the server ended the connection: a shutdown, a restart or a crash",
    "wait until pg_isready says yes; find out whether the commit went through, then retry",
    "service",
  ],
  SQLSTATE_57P03: [
    "the server is starting or stopping",
    "wait until pg_isready says yes",
    "service",
  ],
  "SQLSTATE_28P01 SQLSTATE_28000 SQLSTATE_28": [
    "Postgres does not let this user in",
    "check user, password and pg_hba.conf; do not go on trying",
    "credentials",
  ],
  SQLSTATE_3D000: ["there is no such database", "correct the name, or create it"],
  "SQLSTATE_42P01 SQLSTATE_42703 SQLSTATE_42883 SQLSTATE_42601 SQLSTATE_42": [
    "the SQL does not fit the schema: a missing migration, another search_path, or a mistake",
    "mend the statement or the schema",
  ],
  SQLSTATE_42501: ["this database user may not do that", "GRANT what it needs"],
  SQLSTATE_25006: [
    "the server is read-only: a standby, perhaps after a failover",
    "connect to the primary anew (target_session_attrs=read-write)",
  ],
  "SQLSTATE_58 SQLSTATE_XX": [
    "the server's disk or data is damaged",
    "see its log; keep a copy, restore a backup",
  ],
  SQL_FAILED: [
    "a statement of the script failed",
    "see its message: psql -v VERBOSITY=verbose shows the SQLSTATE",
  ],
  "REDIS_NOAUTH REDIS_WRONGPASS REDIS_NOPERM": [
    "Redis does not let this user in, or do that",
    "check user, password and ACL",
    "credentials",
  ],
  REDIS_OOM: [
    "Redis has reached maxmemory and may evict nothing",
    "let keys expire, choose a maxmemory-policy, or give it more memory",
  ],
  REDIS_MISCONF: [
    "Redis cannot write its snapshot, so it takes no writes",
    "free its disk; see its log",
  ],
  REDIS_READONLY: [
    "this Redis is a replica, perhaps after a failover",
    "connect to the primary anew",
  ],
  "REDIS_BUSY REDIS_UNKILLABLE": [
    "a script keeps Redis busy",
    "wait; a human may send SCRIPT KILL",
  ],
  "REDIS_LOADING REDIS_MASTERDOWN REDIS_TRYAGAIN REDIS_CLUSTERDOWN REDIS_NOREPLICAS": [
    "Redis, or a part of its cluster, is starting or changing over",
    "wait a moment, then retry",
  ],
  "REDIS_WRONGTYPE REDIS_NOSCRIPT REDIS_EXECABORT REDIS_CROSSSLOT REDIS_NOGROUP REDIS_BUSYGROUP": [
    "the command does not fit what is stored",
    "mend the command",
  ],
  PACKAGES_LOCKED: [
    "another apt or dpkg is at work, perhaps unattended-upgrades",
    "wait: apt-get -o DPkg::Lock::Timeout=300; never delete the lock",
    "package-lock",
  ],
  DPKG_INTERRUPTED: [
    "an earlier dpkg was cut off",
    "dpkg --configure -a, then again",
    "dpkg-interrupted",
  ],
  PACKAGE_NOT_FOUND: [
    "no such package, or version, in the lists that are known here",
    "apt-get update once; then correct the name",
  ],
  PACKAGES_CONFLICT: [
    "the packages' requirements contradict each other",
    "a human chooses versions",
  ],
  GIT_LOCKED: [
    "another git is at work in this repository, or one was cut off and left its lock",
    "wait; remove the lock only when no git runs and it is old",
    "git-index-lock",
  ],
  GIT_PUSH_REJECTED: [
    "somebody else pushed before",
    "git pull --rebase once, then push; else a human",
  ],
  GIT_PUSH_DECLINED: ["a hook or a protected branch refused the push", "see what the remote says"],
  GIT_CONFLICT: ["both sides changed the same lines", "git merge --abort; a human merges"],
  GIT_OWNERSHIP: [
    "the repository belongs to another user",
    "run as its owner, or name it in safe.directory",
  ],
  GIT_REPOSITORY_NOT_FOUND: [
    "there is no such repository, or it is hidden from these credentials",
    "correct the URL",
  ],
  STATE_LOCKED: [
    "another Terraform works on this state, or one was cut off",
    "-lock-timeout=5m; force-unlock only by a human who knows who held it",
  ],
  TERRAFORM_PARTIAL: [
    "a part was applied; Terraform takes nothing back",
    "plan again and apply the rest",
  ],
  IMAGE_NOT_FOUND: [
    "no such image, or it is hidden from these credentials",
    "correct its name; docker login",
  ],
  DOCKER_FAILED: ["docker itself failed, not what runs in the container", "see its message"],
});
