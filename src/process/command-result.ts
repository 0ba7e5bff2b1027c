/** What a command that succeeded has written. */

import { HoldfastError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import type { EndedCommand } from "./ended-command.ts";

/** A command's output is asked for, and only the end of it was kept. The command itself succeeded. */
export class OutputCutError extends HoldfastError {
  override get name(): string {
    return "OutputCutError";
  }
  readonly code = "OUTPUT_CUT";

  constructor(program: string, writtenBytes: number, keptBytes: number) {
    super(
      `${program} wrote ${writtenBytes} bytes, of which ${keptBytes} are kept: see the option keep`,
    );
  }

  /** @internal */
  protected override get ownFault(): Partial<Fault> {
    return { effect: "unknown" };
  }
}

/** A command that has succeeded. */
export interface CommandResult extends EndedCommand {
  /**
   * All that it wrote on stdout, without the newlines at its end, as `$(…)` of a shell has it.
   *
   * @throws {OutputCutError} When not all of it was kept. `stdout` is what was.
   */
  readonly text: () => string;
  /** The lines of that, none when it is empty. @throws {OutputCutError} As `text`. */
  readonly lines: () => string[];
  /** That as JSON. @throws {SyntaxError} When it is none. @throws {OutputCutError} As `text`. */
  readonly json: () => unknown;
}

/** Adds what makes an end a result. @internal */
export function resultOf(end: EndedCommand, keptBytes: number): CommandResult {
  const text = (): string => {
    if (end.stdoutBytes > keptBytes) {
      throw new OutputCutError(end.argv[0] ?? "", end.stdoutBytes, keptBytes);
    }
    return end.stdout.replace(/\n+$/, "");
  };
  const lines = (): string[] => (text() === "" ? [] : text().split("\n"));
  return { ...end, text, lines, json: () => JSON.parse(text()) as unknown };
}
