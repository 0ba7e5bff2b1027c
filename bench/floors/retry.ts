/** Retry by hand: up to four attempts, none of them waited for. */

import { ATTEMPTS, IDLE, type Guard, type HandAttempt, type HandWork } from "./attempt.ts";

/** As one writes it: a loop that awaits. */
export const retryByLoop: Guard = async (work) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt === 1 ? IDLE : { attempt, signal: IDLE.signal });
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
    }
  }
};

/** By `then`, which is cheaper: no generator, and no promise besides the one that it answers. */
export const retryByThen: Guard = (work) => attemptFrom(work, IDLE);

function attemptFrom<Value>(work: HandWork<Value>, given: HandAttempt): Promise<Value> {
  return work(given).then(undefined, (error: unknown) => {
    if (given.attempt >= ATTEMPTS) throw error;
    return attemptFrom(work, { attempt: given.attempt + 1, signal: given.signal });
  });
}
