/** Asking functions of others, where what is asked about matters more than their mistakes. */

/** What `ask` answers; `undefined` where it throws. */
export function quietly<Answer>(ask: () => Answer): Answer | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
