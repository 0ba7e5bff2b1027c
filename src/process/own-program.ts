/**
 * Programs that holdfast itself starts beside a command, to see to its end: nobody has to permit them.
 * What runs under permissions could do so by a look into this file; the kernel holds it all the same.
 */

const OWN = Symbol("holdfast's own program");

/** Goes into the options of `spawn` and `spawnSync`, which hand it on. */
export const OWN_PROGRAM = { [OWN]: true } as const;

/** Whether the options of a start are those of such a program. */
export function isOwnProgram(options: unknown): boolean {
  return typeof options === "object" && options !== null && OWN in options;
}

/** The same for a program that becomes `command`, or starts it: that one has to be permitted. */
export function inPlaceOf(command: readonly string[]): object {
  return { [OWN]: command };
}

/** The command in whose place a program is started; `undefined` where it is in nobody's. */
export function findCommand(options: object): readonly string[] | undefined {
  const own = (options as { [OWN]?: unknown })[OWN];
  return Array.isArray(own) ? own : undefined;
}
