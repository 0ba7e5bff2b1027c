/**
 * What programs write when a system call failed: the text of strerror(3) in the C locale, from glibc's
 * errlist. The meaning is that of the code; see system-codes.ts.
 */

/** A text, and the code that it stands for. */
export interface SystemText {
  readonly symptom: number;
  readonly says: RegExp;
  readonly code: string;
}

/** The first that fits a line counts. */
export const SYSTEM_TEXTS: readonly SystemText[] = [
  text(2, "No space left on device", "ENOSPC"),
  text(14, "Disk quota exceeded", "EDQUOT"),
  text(15, "Read-only file system", "EROFS"),
  text(16, "Input/output error", "EIO"),
  text(17, "Device or resource busy", "EBUSY"),
  text(18, "Text file busy", "ETXTBSY"),
  text(52, "Too many open files in system", "ENFILE"),
  text(52, "Too many open files", "EMFILE"),
  text(56, "Cannot allocate memory", "ENOMEM"),
  text(53, "Resource temporarily unavailable", "EAGAIN"),
  text(62, "File too large", "EFBIG"),
  text(66, "Argument list too long", "E2BIG"),
  text(113, "Invalid cross-device link", "EXDEV"),
  text(114, "Directory not empty", "ENOTEMPTY"),
  text(114, "File exists", "EEXIST"),
  text(115, "File name too long", "ENAMETOOLONG"),
  text(115, "Too many levels of symbolic links", "ELOOP"),
  text(115, "Not a directory", "ENOTDIR"),
  text(115, "Is a directory", "EISDIR"),
  text(65, "Exec format error", "ENOEXEC"),
  text(17, "No locks available", "ENOLCK"),
  text(16, "Stale file handle", "ESTALE"),
  text(36, "Connection refused", "ECONNREFUSED"),
  text(37, "Connection reset by peer", "ECONNRESET"),
  text(45, "Connection timed out", "ETIMEDOUT"),
  text(45, "No route to host", "EHOSTUNREACH"),
  text(45, "Network is unreachable", "ENETUNREACH"),
  text(45, "Broken pipe", "EPIPE"),
  text(33, "Temporary failure in name resolution", "EAI_AGAIN"),
  text(33, "Name or service not known", "ENOTFOUND"),
  text(33, "nodename nor servname provided", "ENOTFOUND"),
  text(33, "no such host", "ENOTFOUND"),
  text(49, "Address already in use", "EADDRINUSE"),
  text(51, "Cannot assign requested address", "EADDRNOTAVAIL"),
  text(67, "Permission denied", "EACCES"),
  text(67, "Operation not permitted", "EPERM"),
  text(68, "No such file or directory", "ENOENT"),
];

function text(symptom: number, says: string, code: string): SystemText {
  // Go's programs write it in small letters.
  return { symptom, says: new RegExp(says, "i"), code };
}

/** The programs that do one thing to files: what they could not do, they did not do. */
export const FILE_TOOLS: ReadonlySet<string> = new Set(
  "cat chgrp chmod chown cmp cp cut dd diff du fallocate find grep head install link ln ls mkdir mkfifo mknod mktemp mount mv nc paste readlink rm rmdir sed sha256sum shred sort split stat sync tail tee touch tr truncate umount uniq unlink wc".split(
    " ",
  ),
);

/** What else names a code of the tables: Node's and other programs' uncaught errors, in a line. */
export const NAMED_CODE =
  /\b(?:E[A-Z2]{3,}[A-Z_]*|EAI_[A-Z]+|ERR_[A-Z0-9_]+|UND_ERR_\w+|CERT_\w+|SQLITE_\w+)\b/g;
