/**
 * The object store's ledger: what it received and what took effect, so that tests can count effects
 * from outside the process that caused them.
 *
 * One line of JSON when a request arrives, a second one when its effect has landed. Lines are
 * written before the answer, each by one call, so a killed store loses at most its last line.
 */

import { closeSync, existsSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import type { FaultKind, StoreMethod } from "./object-store-options.ts";

/** One request. */
export interface LedgerEntry {
  /** Counts from 1, and goes on after a restart. */
  readonly number: number;
  /** When it arrived, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly method: StoreMethod;
  /** The object, or the prefix of a listing. */
  readonly name: string;
  /** The Idempotency-Key. */
  readonly key?: string | undefined;
  /** What the store did to it. */
  readonly fault?: FaultKind | "refused" | undefined;
  /** Whether it changed what is stored. */
  readonly applied: boolean;
  /** The length of what was stored. */
  readonly bytes?: number | undefined;
  /** The SHA-256 of what was stored, in hexadecimal. */
  readonly sha256?: string | undefined;
}

/** What is known when a request arrives. */
export type Arrival = Omit<LedgerEntry, "number" | "applied" | "bytes" | "sha256">;

/** What is known when its effect has landed. */
export type Landing = Pick<LedgerEntry, "bytes" | "sha256">;

/** Appends to one file, and reads it. */
export class Ledger {
  readonly #path: string;
  readonly #file: number;
  #count: number;

  /** Opens the ledger at `path`, also one of a store that was killed. */
  constructor(path: string) {
    this.#path = path;
    cutTornLine(path);
    this.#file = openSync(path, "a", 0o600);
    this.#count = this.read().length;
  }

  /** How many requests arrived. */
  get count(): number {
    return this.#count;
  }

  /** Notes that a request arrived, and answers its number. */
  arrived(arrival: Arrival): number {
    this.#count += 1;
    this.#append({ number: this.#count, ...arrival });
    return this.#count;
  }

  /** Notes that the effect of request `number` landed. */
  landed(number: number, landing: Landing): void {
    this.#append({ number, applied: true, ...landing });
  }

  /** Every request, in the order of arrival. */
  read(): LedgerEntry[] {
    const entries = new Map<number, LedgerEntry>();
    for (const line of readFileSync(this.#path, "utf8").split("\n")) {
      if (line === "") continue;
      const part = JSON.parse(line) as Arrival & { readonly number: number };
      entries.set(part.number, { applied: false, ...entries.get(part.number), ...part });
    }
    return [...entries.values()];
  }

  /** Lets go of the file. */
  close(): void {
    closeSync(this.#file);
  }

  #append(line: object): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    // A write may take fewer bytes than it was given.
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
  }
}

function cutTornLine(path: string): void {
  if (!existsSync(path)) return;
  truncateSync(path, readFileSync(path).lastIndexOf("\n") + 1);
}
