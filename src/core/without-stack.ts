/** Errors without a stack, where making one costs more than all the rest. */

/**
 * What `make` makes, with no more of a stack than its first line. For refusals, which may come by the
 * thousand in a second, and whose message says by whom they were refused: finding out a stack takes
 * longer than everything else that a rejection does.
 */
export function withoutStack<Made extends Error>(make: () => Made): Made {
  // V8's own, and JavaScriptCore's; elsewhere there is none, and the error has its stack.
  const settings = Error as { stackTraceLimit?: number };
  const limit = settings.stackTraceLimit;
  if (limit === undefined || Object.isFrozen(Error)) return make();
  settings.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    settings.stackTraceLimit = limit;
  }
}
