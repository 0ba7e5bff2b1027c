/**
 * What tests of automation need: time and dice that are handed in, dependencies that misbehave, and
 * a look at what is left behind.
 */

export { seededDice, type Random } from "../core/dice.ts";
export {
  expectNothingLeft,
  type NothingLeftOptions,
  type WatchedWork,
} from "./expect-nothing-left.ts";
export type { LedgerEntry } from "./ledger.ts";
export { objectStore, type ObjectStore } from "./object-store.ts";
export {
  FAULT_KINDS,
  STORE_PROFILES,
  type FaultKind,
  type ObjectStoreOptions,
  type Refusal,
  type StoreFaults,
  type StoreMethod,
  type StoreProfile,
} from "./object-store-options.ts";
export {
  answers,
  does,
  fails,
  hangs,
  type FailsOptions,
  type Outcome,
  type OutcomeOptions,
  type ScriptedAttempt,
} from "./outcome.ts";
export type { ScriptedCall } from "./play.ts";
export { scripted, type Scripted, type ScriptedOptions } from "./scripted.ts";
export {
  findObjectStore,
  spawnObjectStore,
  type SpawnedStore,
  type SpawnedStoreOptions,
} from "./spawn-object-store.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
export {
  withoutWaiting,
  type WithoutWaiting,
  type WithoutWaitingOptions,
} from "./without-waiting.ts";
