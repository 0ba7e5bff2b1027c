/** Reading what was thrown: it may be anything, and its getters may throw. */

/** The property of that name, or `undefined` when there is none or reading it throws. */
export function findProperty(holder: unknown, name: PropertyKey): unknown {
  if (holder === null || holder === undefined) return undefined;
  try {
    return (holder as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The property of that name when it is text. */
export function findText(holder: unknown, name: PropertyKey): string | undefined {
  const value = findProperty(holder, name);
  return typeof value === "string" ? value : undefined;
}

/** The property of that name when it is a number. */
export function findNumber(holder: unknown, name: PropertyKey): number | undefined {
  const value = findProperty(holder, name);
  return typeof value === "number" ? value : undefined;
}

/** Whether `value` is an object or a function. */
export function isHolder(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
