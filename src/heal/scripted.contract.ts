/** A remedy for tests whose patient is a value: ill until it acts, unless told otherwise. */

import type { Remedy } from "../core/remedy.ts";

/** What is ill, and what was done to it. */
export interface Patient {
  isIll: boolean;
  readonly did: string[];
}

/** A patient that is ill. */
export function patient(): Patient {
  return { isIll: true, did: [] };
}

/** A remedy that cures `who` of faults with the code ENOSPC. */
export function scripted(who: Patient, change: Partial<Remedy> = {}): Remedy {
  return {
    name: "rest",
    target: "bed",
    blastRadius: "sends one patient to bed",
    budget: { times: 3, withinMs: 3_600_000 },
    coolDownMs: 0,
    limitMs: 60_000,
    isExclusive: true,
    fits: ({ fault }) => fault.code === "ENOSPC",
    examine: async () => ({
      isPresent: who.isIll,
      found: who.isIll ? "39.5 °C" : "36.6 °C",
      plan: ["send to bed"],
    }),
    act: async ({ did }) => {
      who.isIll = false;
      who.did.push("rest");
      did("sent to bed");
    },
    measure: async () => ({ isGone: !who.isIll, found: who.isIll ? "39.4 °C" : "36.6 °C" }),
    ...change,
  };
}

/** The failure that it fits. */
export function full(): Error {
  return Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}
