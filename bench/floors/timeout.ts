/** A time limit by hand. */

import { LIMIT_MS } from "../limits.ts";
import { lateError, LazyAttempt, type Guard, type HandWork } from "./attempt.ts";
import { DeadlineQueue } from "./deadline-queue.ts";

/** A limit by a timer of its own; a signal is made when the work reads it. */
export function timeoutByTimer<Value>(
  work: HandWork<Value>,
  { number = 1, limitMs = LIMIT_MS.byTimer } = {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const attempt = new LazyAttempt(number);
    const timer = setTimeout(() => {
      const reason = lateError();
      reject(reason);
      attempt.abort(reason);
    }, limitMs);
    work(attempt).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/** A limit that shares one timer with all other calls. */
export function timeoutByQueue(): Guard {
  const queue = new DeadlineQueue(LIMIT_MS.byQueue, lateError);
  return (work) =>
    new Promise((resolve, reject) => {
      const attempt = queue.add(1, reject);
      work(attempt).then(
        (value) => {
          queue.remove(attempt);
          resolve(value);
        },
        (error: unknown) => {
          queue.remove(attempt);
          reject(error as Error);
        },
      );
    });
}
