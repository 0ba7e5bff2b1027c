/** The `holdfast` part of a record: what the standard has no fields for. */

import type { EventType, HoldfastEvent } from "../core/events.ts";
import type { Fault } from "../core/fault.ts";
import { finite, type DetailsOfAll, type Fields } from "./fields.ts";
import { POLICY_DETAILS } from "./policy-details.ts";
import { RUN_DETAILS } from "./run-details.ts";
import { stepLabel } from "./step-label.ts";

/** Grows when a field changes its meaning or goes; new fields do not count. */
export const RECORD_SCHEMA = 1;

/** Where it happened, and what the event tells, by the thing that it tells it of. */
export function holdfastFields(event: HoldfastEvent): Fields {
  const { automation, runId, parentRunId, map, task, step, key, attempt } = event.where;
  const fault = "fault" in event ? event.fault : undefined;
  const where = [
    { automation: { name: automation } },
    { run: { id: runId, parent_id: parentRunId } },
    { map: { name: map } },
    { task: { name: task } },
    { step: { name: step, id: stepLabel(event.where) } },
    { attempt: { number: attempt } },
    { policy: "policy" in event ? event.policy : undefined },
    { idempotency_key: key },
  ];
  const all = [...where, detailsOf(event), { fault: fault && faultFields(fault) }];
  return { ...all.reduce(merge, {}), schema: RECORD_SCHEMA };
}

function faultFields({ class: name, code, effect, retryAfterMs }: Fault): Fields {
  return { class: name, code, effect, retry_after_ms: finite(retryAfterMs) };
}

const DETAILS: DetailsOfAll<EventType> = {
  ...RUN_DETAILS,
  ...POLICY_DETAILS,
};

function detailsOf(event: HoldfastEvent): Fields {
  // Each is called with the events of its own type alone.
  return (DETAILS[event.type] as (event: HoldfastEvent) => Fields)(event);
}

/** Puts the defined fields of `more` to those that are there, one level deep; the later ones win. */
function merge(fields: Fields, more: Fields): Fields {
  const merged = { ...fields };
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined) continue;
    if (name === "data" || typeof value !== "object" || value === null) merged[name] = value;
    else {
      const present = Object.entries(value).filter(([, part]) => part !== undefined);
      if (present.length > 0)
        merged[name] = { ...(fields[name] as Fields), ...Object.fromEntries(present) };
    }
  }
  return merged;
}
