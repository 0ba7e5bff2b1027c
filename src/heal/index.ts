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
