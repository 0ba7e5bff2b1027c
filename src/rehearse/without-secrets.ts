/** Plain data with the secrets in its texts masked, however much it is. Pure. */

import type { Redactor } from "../core/redact.ts";

/** A copy of `value`: names are the report's own, so only texts that stand under them are looked at. */
export function withoutSecrets<Value>(value: Value, redactor: Pick<Redactor, "text">): Value {
  return copy(value, redactor) as Value;
}

function copy(value: unknown, redactor: Pick<Redactor, "text">): unknown {
  if (typeof value === "string") return redactor.text(value);
  if (Array.isArray(value)) return value.map((member) => copy(member, redactor));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, copy(member, redactor)]),
  );
}
