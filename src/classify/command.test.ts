import { expect, test } from "vitest";
import type { CommandEnd } from "../core/command-end.ts";
import { commandFault } from "./command.ts";

/** How a command ended that wrote nothing and exited with 1, but for what is said. */
function end(argv: readonly string[], parts: Partial<CommandEnd> = {}): CommandEnd {
  const rest = { exitCode: 1, signal: undefined, stdout: "", stderr: "", durationMs: 5 };
  return { argv, ...rest, ...parts };
}

function inWords(ended: CommandEnd): string {
  const { class: name, effect, code } = commandFault(ended);
  return `${name} ${effect} ${code}`;
}

/** By what stands on stderr, under the tool's own name. */
test.for<[argv: string, exitCode: number, stderr: string, expected: string]>([
  ["cp a b", 1, "cp: error writing 'b': No space left on device", "degraded partial ENOSPC"],
  [
    "tar -cf a.tar x",
    2,
    "tar: a.tar: Cannot write: No space left on device\ntar: Error is not recoverable: exiting now",
    "degraded partial ENOSPC",
  ],
  ["gzip a", 1, "\ngzip: stdout: No space left on device", "degraded partial ENOSPC"],
  [
    "rsync a b",
    11,
    'rsync: [receiver] write failed on "b": No space left on device (28)\nrsync error: error in file IO (code 11) at receiver.c(380) [receiver=3.2.7]',
    "degraded partial ENOSPC",
  ],
  [
    "sqlite3 a.db",
    13,
    "Runtime error near line 1: database or disk is full (13)",
    "degraded none SQLITE_FULL",
  ],
  [
    "git commit",
    128,
    "fatal: cannot create .git/x: No space left on device",
    "degraded partial ENOSPC",
  ],
  [
    "npm ci",
    228,
    "npm error code ENOSPC\nnpm error syscall write\nnpm error errno -28",
    "degraded partial ENOSPC",
  ],
  [
    "unshare -r true",
    1,
    "unshare: unshare failed: No space left on device",
    "fatal none NAMESPACE_LIMIT",
  ],
  [
    "bwrap true",
    1,
    "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
    "fatal none NAMESPACE_LIMIT",
  ],
  ["cp a b", 1, "cp: error writing 'b': Disk quota exceeded", "degraded partial EDQUOT"],
  ["touch a", 1, "touch: cannot touch 'a': Read-only file system", "fatal none EROFS"],
  ["dd of=a", 1, "dd: error writing 'a': Input/output error", "fatal unknown EIO"],
  ["umount /mnt", 32, "umount: /mnt: target is busy.", "transient none EBUSY"],
  ["cp a b", 1, "cp: cannot create regular file 'b': Text file busy", "transient none ETXTBSY"],
  ["sqlite3 a.db", 5, "Error: stepping, database is locked (5)", "transient none SQLITE_BUSY"],
  [
    "apt-get install x",
    100,
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
    "transient none PACKAGES_LOCKED",
  ],
  [
    "dpkg -i x.deb",
    2,
    "dpkg: error: dpkg frontend lock was locked by another process with pid 4711\nNote: removing the lock file is always wrong",
    "transient none PACKAGES_LOCKED",
  ],
  [
    "apt-get install x",
    100,
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
    "degraded partial DPKG_INTERRUPTED",
  ],
  ["apt-get install x", 100, "E: Unable to locate package x", "fatal none PACKAGE_NOT_FOUND"],
  [
    "git add .",
    128,
    "fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother git process seems to be running in this repository",
    "transient none GIT_LOCKED",
  ],
  [
    "git push",
    1,
    " ! [rejected]        main -> main (non-fast-forward)\nerror: failed to push some refs to 'origin'",
    "degraded none GIT_PUSH_REJECTED",
  ],
  [
    "git push",
    1,
    " ! [rejected]        main -> main (fetch first)\nerror: failed to push some refs to 'origin'",
    "degraded none GIT_PUSH_REJECTED",
  ],
  [
    "git fetch",
    128,
    "fatal: could not read Username for 'https://x': terminal prompts disabled",
    "fatal none AUTHENTICATION_FAILED",
  ],
  [
    "git status",
    128,
    "fatal: detected dubious ownership in repository at '/r'",
    "fatal none GIT_OWNERSHIP",
  ],
  [
    "git fetch",
    128,
    "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
    "fatal none CERT_UNTRUSTED",
  ],
  ["terraform apply", 1, "│ Error: Error acquiring the state lock", "transient none STATE_LOCKED"],
  [
    "psql -h x",
    2,
    'psql: error: could not translate host name "x" to address: Name or service not known',
    "transient none ENOTFOUND",
  ],
  [
    "psql",
    2,
    'psql: error: connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?',
    "degraded none ECONNREFUSED",
  ],
  [
    "psql",
    2,
    'psql: error: connection to server at "::1", port 5432 failed: FATAL:  sorry, too many clients already',
    "degraded none SQLSTATE_53300",
  ],
  [
    "psql",
    2,
    'psql: error: connection to server at "::1", port 5432 failed: FATAL:  the database system is starting up',
    "transient none SQLSTATE_57P03",
  ],
  [
    "psql",
    1,
    "ERROR:  deadlock detected\nDETAIL:  Process 1 waits for ShareLock on transaction 2",
    "transient none SQLSTATE_40P01",
  ],
  ["psql -v VERBOSITY=sqlstate", 1, "ERROR:  53200", "degraded none SQLSTATE_53200"],
  ["psql", 3, "nothing that is known", "unknown unknown SQL_FAILED"],
  [
    "ssh h x",
    255,
    "ssh: connect to host h port 22: Connection refused",
    "degraded none ECONNREFUSED",
  ],
  ["ssh h x", 255, "Connection timed out during banner exchange", "timeout none ETIMEDOUT"],
  ["ssh h x", 255, "h: Permission denied (publickey).", "fatal none AUTHENTICATION_FAILED"],
  ["ssh h x", 255, "Host key verification failed.", "fatal none HOST_KEY_REFUSED"],
  [
    "ssh h x",
    255,
    "kex_exchange_identification: read: Connection reset by peer",
    "transient none ECONNRESET",
  ],
  [
    "ssh h x",
    255,
    "client_loop: send disconnect: Broken pipe",
    "transient unknown CONNECTION_LOST",
  ],
  ["rsync a b", 30, "[sender] io timeout after 5 seconds -- exiting", "timeout partial ETIMEDOUT"],
  [
    "rsync a b",
    24,
    "rsync warning: some files vanished before they could be transferred (code 24) at main.c(1338)",
    "degraded partial RSYNC_VANISHED",
  ],
  [
    "rsync a b",
    23,
    'rsync: [sender] link_stat "/a" failed: No such file or directory (2)\nrsync error: some files/attrs were not transferred (see previous errors) (code 23)',
    "fatal partial ENOENT",
  ],
  ["gzip -d a.gz", 1, "gzip: a.gz: unexpected end of file", "fatal none ARCHIVE_CORRUPT"],
  ["gzip a", 2, "gzip: a.gz already exists; not overwritten", "degraded none EEXIST"],
  [
    "tar -xzf a",
    2,
    "\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now",
    "fatal none ARCHIVE_CORRUPT",
  ],
  ["wget x", 4, "wget: unable to resolve host address 'x'", "transient none ENOTFOUND"],
  ["wget x", 8, "2026-11-22 03:00:00 ERROR 503: Service Unavailable.", "degraded unknown HTTP_503"],
  ["curl -f x", 22, "curl: (22) The requested URL returned error: 429", "transient none HTTP_429"],
  [
    "curl x",
    60,
    "curl: (60) SSL certificate problem: certificate has expired\nMore details here: https://curl.se/docs/sslcerts.html",
    "fatal none CERT_HAS_EXPIRED",
  ],
  [
    "curl x",
    60,
    "curl: (60) SSL certificate problem: self-signed certificate",
    "fatal none DEPTH_ZERO_SELF_SIGNED_CERT",
  ],
  [
    "curl x",
    7,
    "curl: (7) Failed to connect to 10.0.0.1 port 80: No route to host",
    "transient none EHOSTUNREACH",
  ],
  [
    "docker ps",
    1,
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "degraded none DOCKER_DOWN",
  ],
  ["docker run x", 125, "docker: invalid reference format.", "fatal none DOCKER_FAILED"],
  [
    "kubectl get pods",
    1,
    "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
    "degraded none ECONNREFUSED",
  ],
  [
    "kubectl apply",
    1,
    "Error from server: etcdserver: request timed out",
    "timeout unknown ETIMEDOUT",
  ],
  [
    "kubectl apply",
    1,
    'Error from server (Conflict): Operation cannot be fulfilled on pods "x"',
    "transient none CONFLICT",
  ],
  [
    "npm ci",
    1,
    "npm error code ETARGET\nnpm error notarget No matching version found for x@9.",
    "fatal none PACKAGE_NOT_FOUND",
  ],
  ["npm ci", 1, "npm error code EINTEGRITY", "degraded partial CHECKSUM_MISMATCH"],
  ["npm test", 7, "1 test failed", "unknown unknown EXIT_7"],
  [
    "pip install x",
    1,
    "ERROR: Could not find a version that satisfies the requirement x\nERROR: No matching distribution found for x",
    "fatal none PACKAGE_NOT_FOUND",
  ],
  [
    "aws s3 ls",
    255,
    "An error occurred (SlowDown) when calling the ListBuckets operation",
    "transient none REQUEST_THROTTLED",
  ],
  [
    "aws s3 ls",
    255,
    "An error occurred (ExpiredToken) when calling the ListBuckets operation",
    "fatal none CREDENTIALS_EXPIRED",
  ],
  [
    "aws s3 ls",
    255,
    'Could not connect to the endpoint URL: "http://127.0.0.1:1/"',
    "degraded none ECONNREFUSED",
  ],
  [
    "node x.js",
    134,
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    "degraded unknown HEAP_OUT_OF_MEMORY",
  ],
  ["python3 x.py", 1, "Traceback (most recent call last):\nMemoryError", "degraded partial ENOMEM"],
  ["systemctl is-active x", 1, "Failed to connect to bus: Host is down", "fatal none NO_SYSTEMD"],
  ["sudo -n true", 1, "sudo: a password is required", "fatal none EACCES"],
])("%s exits with %i and says %j", ([argv, exitCode, stderr, expected]) => {
  expect(inWords(end(argv.split(" "), { exitCode, stderr }))).toBe(expected);
});
