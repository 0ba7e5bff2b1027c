/**
 * How long the limits are, in milliseconds: some five seconds, and each of a length of its own.
 *
 * Node keeps all timers of one length in one list, which it makes where none of that length is
 * waiting and throws away when the last is gone. Where two had the same length, one that leaves a
 * timer waiting would make the other look twice as fast.
 */
export const LIMIT_MS = {
  byTimer: 5_000,
  byQueue: 5_001,
  holdfast: 5_002,
  cockatiel: 5_003,
  opossum: 5_004,
  pTimeout: 5_005,
  effect: 5_006,
};

/** So long that nothing that was begun with it ends before the process. */
export const LONG_MS = 3_600_000;
