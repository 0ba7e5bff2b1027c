/**
 * Looks into SQLite's write-ahead log for damage that SQLite itself takes for its end.
 *
 * SQLite reads the log up to the first frame whose checksum is wrong, and takes the rest for a commit
 * that was cut off. That is right at the end of the log. Further in it drops commits that were
 * acknowledged, and without a word. A commit is flushed before the next one begins (`synchronous =
 * FULL`), so a broken frame is part of a commit that was cut off only when no other commit follows.
 *
 * Each frame's checksum goes on from that of the frame before, as that has stored it. So what follows
 * a broken frame can still be checked: a frame that goes on from a commit was written after it. What
 * remained of a commit that was cut off earlier, and since written over in part, does not go on from
 * the new commits before it. Source: sqlite.org/fileformat2.html#the_write_ahead_log.
 */

/** A checksum as the log keeps it: two words. */
type Sum = readonly [number, number];

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** That of every journal; where the log's header is broken, it cannot say so. */
const PAGE_BYTES = 4_096;
/** Frames after a broken one that are looked at, 80 MB: a bound on the time. */
const FRAMES_LOOKED_AT = 20_000;

/** Reads `length` bytes at `position`; fewer where the file ends. */
export type ReadAt = (position: number, length: number) => Buffer;

/** A damaged log. */
export interface LogDamage {
  /** The frame that cannot be read, from 1; 0 is the log's header. */
  readonly frame: number;
  /** Commits in it or after it, which SQLite would drop; at least so many. */
  readonly commits: number;
}

/** What is damaged in a log that nobody writes to, or `undefined`. */
export function findLogDamage(read: ReadAt): LogDamage | undefined {
  const header = read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES) return undefined;
  const isLittleEndian = (header.readUInt32BE(0) & 1) === 0;
  const stored: Sum = [header.readUInt32BE(24), header.readUInt32BE(28)];
  const own = sumOf([0, 0], header.subarray(0, 24), isLittleEndian);
  if (isSame(stored, own)) {
    const salt = header.subarray(16, 24);
    const log = { read, pageBytes: header.readUInt32BE(8), salt, isLittleEndian };
    return damageAfter(log, firstBroken(log, stored));
  }
  const salt = read(HEADER_BYTES + 8, 8);
  for (const order of [true, false]) {
    const log = { read, pageBytes: PAGE_BYTES, salt, isLittleEndian: order };
    const commits = commitsThatFollow(log, [stored, sumOf([0, 0], header.subarray(0, 24), order)]);
    if (commits > 0) return { frame: 0, commits };
  }
  return undefined;
}

interface Log {
  readonly read: ReadAt;
  readonly pageBytes: number;
  /** What all frames since the log was begun anew have in common. */
  readonly salt: Buffer;
  readonly isLittleEndian: boolean;
}

interface Frame {
  readonly number: number;
  readonly bytes: Buffer;
  readonly isCommit: boolean;
  readonly isOfThisLog: boolean;
  readonly stored: Sum;
}

/** The first frame that does not go on from the one before, and where that leads. */
interface Broken {
  readonly frame: Frame | undefined;
  readonly sum: Sum;
}

function firstBroken(log: Log, begin: Sum): Broken {
  let sum = begin;
  for (let number = 1; ; number++) {
    const frame = frameAt(log, number);
    if (frame === undefined) return { frame, sum };
    const next = frameSum(log, frame, sum);
    if (!frame.isOfThisLog || !isSame(next, frame.stored)) return { frame, sum: next };
    sum = next;
  }
}

/** Damage is a commit, from the broken frame on, that another frame goes on from. */
function damageAfter(log: Log, { frame: broken, sum }: Broken): LogDamage | undefined {
  let before = broken;
  // What the broken frame has stored may be what is broken in it.
  let sums = broken === undefined ? [] : [broken.stored, sum];
  let commits = 0;
  let isDamaged = false;
  for (let looked = 0; before !== undefined && looked < FRAMES_LOOKED_AT; looked++) {
    if (before.isCommit && (before === broken || before.isOfThisLog)) commits++;
    const frame = frameAt(log, before.number + 1);
    const follows = frame?.isOfThisLog === true && goesOn(log, frame, sums);
    if (before.isCommit && follows) isDamaged = true;
    before = frame;
    sums = frame === undefined ? [] : [frame.stored];
  }
  return isDamaged && broken !== undefined ? { frame: broken.number, commits } : undefined;
}

/** Commits from the first frame on that go on from the frame before. */
function commitsThatFollow(log: Log, begin: readonly Sum[]): number {
  let sums = begin;
  let commits = 0;
  for (let number = 1; number <= FRAMES_LOOKED_AT; number++) {
    const frame = frameAt(log, number);
    if (frame === undefined) break;
    if (frame.isCommit && frame.isOfThisLog && goesOn(log, frame, sums)) commits++;
    sums = [frame.stored];
  }
  return commits;
}

function goesOn(log: Log, frame: Frame, sums: readonly Sum[]): boolean {
  return sums.some((sum) => isSame(frameSum(log, frame, sum), frame.stored));
}

function frameAt({ read, pageBytes, salt }: Log, number: number): Frame | undefined {
  const length = FRAME_HEADER_BYTES + pageBytes;
  const bytes = read(HEADER_BYTES + (number - 1) * length, length);
  if (bytes.length < length) return undefined;
  return {
    number,
    bytes,
    isCommit: bytes.readUInt32BE(4) !== 0,
    isOfThisLog: bytes.subarray(8, 16).equals(salt),
    stored: [bytes.readUInt32BE(16), bytes.readUInt32BE(20)],
  };
}

function frameSum({ isLittleEndian }: Log, { bytes }: Frame, before: Sum): Sum {
  const sum = sumOf(before, bytes.subarray(0, 8), isLittleEndian);
  return sumOf(sum, bytes.subarray(FRAME_HEADER_BYTES), isLittleEndian);
}

function sumOf([first, second]: Sum, bytes: Buffer, isLittleEndian: boolean): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [a, b] = [first, second];
  for (let at = 0; at + 8 <= bytes.byteLength; at += 8) {
    a = (a + view.getUint32(at, isLittleEndian) + b) | 0;
    b = (b + view.getUint32(at + 4, isLittleEndian) + a) | 0;
  }
  return [a >>> 0, b >>> 0];
}

function isSame(one: Sum, other: Sum): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
