/** `holdfast/remedies`: what cures the causes of failures, and the contract for remedies of one's own. */

export type {
  ActContext,
  Ailment,
  Diagnosis,
  HealOutcome,
  HealRecord,
  Measurement,
  Remedy,
  RemedyBudget,
  RemedyContext,
} from "../core/remedy.ts";
export { remedyFromText } from "./by-name.ts";
export { clockSkew, type ClockSkewOptions, type TellTime } from "./clock-skew.ts";
export { credentials, type CredentialsOptions } from "./credentials.ts";
export { diskFull, inodes, type DiskFullOptions, type InodesOptions } from "./disk-full.ts";
export { gitIndexLock, type GitIndexLockOptions } from "./git-index-lock.ts";
export type { RemedyLimits } from "./limits.ts";
export { REMEDY_LIMITS, REMEDY_NAMES, type RemedySummary } from "./names.ts";
export { outOfMemory, type OutOfMemoryOptions } from "./out-of-memory.ts";
export {
  dpkgInterrupted,
  packageLock,
  type DpkgInterruptedOptions,
  type PackageLockOptions,
} from "./packages.ts";
export { portTaken, type PortTakenOptions } from "./port-taken.ts";
export type { Probe, ProbeContext } from "./probe.ts";
export { service, type ServiceOptions } from "./service.ts";
export { pidFile, staleLock, type StaleLockOptions } from "./stale-lock.ts";
export {
  databaseLock,
  waitUntilReachable,
  type DatabaseLockOptions,
  type WaitUntilReachableOptions,
} from "./waits.ts";
