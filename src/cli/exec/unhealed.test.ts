import { expect, test } from "vitest";
import type { EventDetails, HoldfastEvent } from "../../core/events.ts";
import { faultOf } from "../../index.ts";
import { UnhealedList } from "./unhealed.ts";

const WHICH = {
  target: "a",
  fault: { ...faultOf(new Error("full")), code: "ENOSPC" },
};
const because = "nothing to act on";

/** What is left over after these events. */
function after(...events: readonly EventDetails[]) {
  const list = new UnhealedList();
  for (const event of events) list.sink({ ...event, where: {}, atMs: 0 } as HoldfastEvent);
  return list.all.map(({ remedy, deeds, advice }) => [remedy, deeds, advice]);
}

test.for<[name: string, events: readonly EventDetails[], left: readonly unknown[]]>([
  [
    "a remedy that failed is left to a human",
    [
      {
        type: "heal.failed",
        remedy: "disk-full",
        ...WHICH,
        durationMs: 1,
        deeds: ["deleted b"],
        because,
        advice: "make room",
      },
    ],
    [["disk-full", ["deleted b"], "make room"]],
  ],
  [
    "so is one whose budget is spent",
    [{ type: "heal.skipped", remedy: "service", ...WHICH, because, isExhausted: true }],
    [["service", [], undefined]],
  ],
  [
    "one that had no say is not",
    [{ type: "heal.skipped", remedy: "service", ...WHICH, because }],
    [],
  ],
  [
    "one that failed and healed later is not",
    [
      { type: "heal.failed", remedy: "service", ...WHICH, durationMs: 1, deeds: [], because },
      { type: "heal.completed", remedy: "service", ...WHICH, durationMs: 1, deeds: [], found: "" },
    ],
    [],
  ],
])("%s", ([, events, left]) => {
  expect(after(...events)).toEqual(left);
});
