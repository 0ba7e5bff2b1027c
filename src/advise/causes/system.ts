/** Files, memory, processes, connections and names: the codes of the system. */

import { causes, type Causes } from "../cause.ts";

/** See the header. */
export const SYSTEM_CAUSES: Causes = causes({
  "ENOSPC SQLITE_FULL SQLSTATE_53100": [
    "the disk that is written to is full",
    "free room there: old archives, logs, temporary files; remove the partial file, then try again",
    "disk-full",
  ],
  INODES_EXHAUSTED: [
    "the file system has room, but no inode is left for another file (df -i)",
    "remove many small files, such as sessions and temporary files",
    "inodes",
  ],
  NO_SPACE_UNCONFIRMED: [
    "it says that no space is left, and the disk that was looked at has some: another disk, a quota, a limit of namespaces, or of inotify watches",
    "find out which file it could not write (df and df -i there); sysctl fs.inotify user.max_user_namespaces",
  ],
  NAMESPACE_LIMIT: [
    "no disk is full: the kernel's limit of namespaces is reached, or they are switched off",
    "raise user.max_user_namespaces, or use another level of the sandbox",
  ],
  EDQUOT: [
    "the quota of this user or directory is used up",
    "clean up own files, or have it raised",
  ],
  "EROFS SQLITE_READONLY": [
    "the file or its file system is read-only; a disk that fails is often remounted so",
    "see dmesg and mount; never remount it by a script",
  ],
  "EIO SQLITE_IOERR": [
    "reading or writing the disk failed: it may be dying",
    "see dmesg and the disk's health (smartctl), and save what can be read",
  ],
  EBUSY: ["a file, directory or device is in use", "wait; fuser -vm or lsof names who has it"],
  ETXTBSY: [
    "a program's file is being written while it is started, or the other way round",
    "try again shortly; write to a temporary name and rename it",
  ],
  "LOCK_TAKEN ENOLCK EDEADLK": [
    "somebody else holds the lock",
    "wait with a deadline (flock -w 60 -E 75); lslocks names the holder",
  ],
  "EAGAIN EWOULDBLOCK": [
    "no more processes or threads are allowed, or what was asked for is not ready yet",
    "do less at once; see ulimit -u and the cgroup's pids.max",
  ],
  "EMFILE ENFILE": [
    "too many files are open",
    "do less at once, or raise the limit (ulimit -n, fs.file-max)",
  ],
  "ENOMEM ENOBUFS SQLITE_NOMEM ERR_MEMORY_ALLOCATION_FAILED SQLSTATE_53200": [
    "no memory could be had",
    "work on less at once, or give it more memory",
    "out-of-memory",
  ],
  OUT_OF_MEMORY: [
    "the kernel killed it, for memory ran out on the machine or in its cgroup",
    "once with a smaller batch or more memory; see dmesg, and memory.max of its cgroup",
    "out-of-memory",
  ],
  "HEAP_OUT_OF_MEMORY ERR_WORKER_OUT_OF_MEMORY": [
    "Node's heap limit is reached: its own, not the machine's",
    "once with a larger one (NODE_OPTIONS=--max-old-space-size=4096), then look for what is kept",
    "out-of-memory",
  ],
  "EACCES EPERM ERR_ACCESS_DENIED": [
    "this user may not do that; or a mount option, a sandbox or a policy forbids it",
    "find out which of them it is: id, ls -l, namei -l, mount",
  ],
  "ENOENT SQLITE_CANTOPEN": [
    "a file or directory that it needs is not there",
    "check the path and the working directory; wait for it where another job makes it",
  ],
  "ENOTDIR EISDIR ELOOP ENAMETOOLONG EMLINK": [
    "a path is not what it is taken for",
    "correct the path: namei -l shows each of its parts",
  ],
  EXDEV: [
    "a file cannot be renamed onto another file system",
    "keep the temporary file beside its target, or copy, fsync and rename",
  ],
  "EEXIST ENOTEMPTY": [
    "what was to be made is there already, perhaps from an earlier attempt",
    "look whether it is what you want; remove it only if it is your own partial file",
  ],
  E2BIG: ["the arguments and the environment are too long", "hand the list over by stdin or xargs"],
  "EFBIG SIGXFSZ": [
    "a file would grow over its limit (ulimit -f)",
    "review the limit, or write less",
  ],
  SIGXCPU: ["its limit of CPU time is used up (ulimit -t)", "review the limit, or do less at once"],
  "ECONNREFUSED DOCKER_DOWN": [
    "nobody listens there: the service is down, still starting, or elsewhere",
    "start the service, or correct host and port; ss -ltnp shows who listens",
    "service",
  ],
  "ECONNRESET ECONNABORTED ENETRESET ENOTCONN EPIPE UND_ERR_SOCKET EMPTY_REPLY CONNECTION_LOST": [
    "the other side closed the connection, or something between cut it",
    "find out whether it happened, then try again; often: see the service's own log",
  ],
  "EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN NETWORK_FAILED SOCKET_FAILED": [
    "no way leads there: network, route, VPN or firewall",
    "wait until it answers; ip route get ADDRESS shows the way",
    "wait-until-reachable",
  ],
  "ETIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_CONNECT_TIMEOUT ETIMEOUT": [
    "no answer came in time: the service is slow or stuck, or a firewall drops what is sent",
    "find out whether it happened before it is done again; then raise the limit, or look at the service",
  ],
  "ENOTFOUND EAI_NONAME EAI_NODATA ENODATA": [
    "the name is unknown, or the resolver could not be asked",
    "check the spelling; getent hosts NAME; wait when names fail in general",
    "wait-until-reachable",
  ],
  "EAI_AGAIN EAI_FAIL ESERVFAIL EREFUSED": [
    "the resolver does not answer, so that no name can be found",
    "wait; see /etc/resolv.conf and the network",
    "wait-until-reachable",
  ],
  EADDRINUSE: [
    "another process has the port",
    "ss -ltnp names it; end it only when it is a stale one of your own, or take another port",
    "port-taken",
  ],
  EADDRNOTAVAIL: [
    "the address is none of this machine; for outgoing connections all local ports are taken",
    "correct the address; or wait, and keep connections open instead of making new ones",
  ],
  "ESTALE ESRCH ENODEV ENXIO EBADF EINVAL ENOSYS ENOTSUP EOPNOTSUPP EILSEQ ENOEXEC": [
    "the system does not do what was asked, with what it was asked for",
    "see which call failed, and with what: strace -f",
  ],
});
