/** What tests of automation need: time and dice that are handed in, and a dependency that misbehaves. */

export { seededDice, type Random } from "../core/dice.ts";
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
  findObjectStore,
  spawnObjectStore,
  type SpawnedStore,
  type SpawnedStoreOptions,
} from "./spawn-object-store.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
