/**
 * How much each user has used of late, as a pure rule: time is handed in. What was used counts half
 * after each half-life, so that two numbers for each user are enough, whatever the length of time.
 */

import { BoundedMap } from "./bounded-map.ts";

interface Usage {
  readonly ms: number;
  /** As of when. */
  readonly atMs: number;
}

/** Less counts as nothing: its square would soon be too small for a number, and no share of it be told. */
const LEAST_MS = 1e-6;

/** The usage of many users. Moments are milliseconds by a clock that only grows. */
export class UserUsage {
  readonly #halfLifeMs: number;
  readonly #users: BoundedMap<Usage>;
  /** Of all users, also of those who were let go of, and of its squares. */
  #sum: Usage = { ms: 0, atMs: 0 };
  #squares = 0;

  /** @param maxUsers How many are kept; past it the one who was looked at longest ago goes. */
  constructor(halfLifeMs: number, maxUsers: number) {
    this.#halfLifeMs = halfLifeMs;
    this.#users = new BoundedMap(maxUsers);
  }

  /** What a user has used of late, in milliseconds. */
  of(user: string, nowMs: number): number {
    const usage = this.#users.get(user);
    const ms = usage === undefined ? 0 : usage.ms * this.#left(usage.atMs, nowMs);
    return ms < LEAST_MS ? 0 : ms;
  }

  /** A user has used so much. */
  add(user: string, ms: number, nowMs: number): void {
    const before = this.of(user, nowMs);
    const left = this.#left(this.#sum.atMs, nowMs);
    this.#squares = this.#squares * left * left + (before + ms) ** 2 - before ** 2;
    this.#sum = { ms: this.#sum.ms * left + ms, atMs: nowMs };
    this.#users.set(user, { ms: before + ms, atMs: nowMs });
  }

  /**
   * What a user should have, from 0 to 1: 1 for who has used nothing, a half for who has used as much as
   * is usual, and the less the more. Usual is what whoever used a millisecond has used in all: those who
   * use nothing do not count, however many they are.
   */
  fairnessOf(user: string, nowMs: number): number {
    const ms = this.of(user, nowMs);
    if (ms === 0) return 1;
    const left = this.#left(this.#sum.atMs, nowMs);
    const usualMs = (this.#squares * left) / this.#sum.ms;
    return usualMs / (usualMs + ms);
  }

  #left(fromMs: number, nowMs: number): number {
    return 2 ** ((fromMs - nowMs) / this.#halfLifeMs);
  }
}
