/** What a command that failed is rejected with. */

import { basename } from "node:path";
import { commandFault } from "../classify/command.ts";
import { HoldfastError } from "../core/errors.ts";
import type { Fault } from "../core/fault.ts";
import { redactor } from "../core/redact.ts";
import { clip } from "../core/show.ts";
import type { EndedCommand } from "./ended-command.ts";
import type { StartProblem } from "./find-program.ts";

const LONGEST_LINE = 200;

/** A command failed, was ended because its time was up, or never started. */
export class CommandError extends HoldfastError {
  override get name(): string {
    return "CommandError";
  }
  readonly code = "COMMAND_FAILED";
  readonly #end: EndedCommand;
  #fault: Fault | undefined;

  constructor(end: EndedCommand) {
    super(describe(end));
    this.#end = end;
  }

  /** How it ended. Not shown with the error: arguments and output may hold secrets. */
  get end(): EndedCommand {
    return this.#end;
  }

  /** @internal */
  protected override get ownFault(): Fault {
    this.#fault ??= commandFault(this.#end);
    return this.#fault;
  }
}

/** Last words of tar and rsync, of which the reason stands above them. */
const REFERS_BACK = /previous errors|^tar: (?:Child returned status|Error is not recoverable)/;

/**
 * The program, how it ended, and the last line of what it complained about; nothing of its arguments. An
 * indented line goes on with the one before, which says more: libpq asks there whether the server is running.
 */
function describe(end: EndedCommand): string {
  const lines = end.stderr.trimEnd().split("\n");
  const line =
    lines.findLast((each) => /^\S/.test(each) && !REFERS_BACK.test(each)) ?? lines.at(-1) ?? "";
  const complaint = clip(redactor({ env: process.env }).text(line.trim()), LONGEST_LINE);
  const [file = ""] = end.argv;
  const program = basename(file) || file;
  return `${program} ${howItEnded(end)}${complaint === "" ? "" : `: ${complaint}`}`;
}

function howItEnded({ endedBy, startError, startProblem, signal, exitCode }: EndedCommand): string {
  if (startError !== undefined) {
    return `could not be started (${startError})${startProblem === undefined ? "" : why(startProblem)}`;
  }
  if (endedBy === "timeout") return "was ended, for its time was up";
  if (endedBy === "idle") return "was ended, for it was silent for too long";
  if (endedBy === "cancel") return "was cancelled";
  return signal === undefined ? `failed with exit code ${exitCode}` : `was killed by ${signal}`;
}

function why({ what, path, code }: StartProblem): string {
  const isDos = what === "interpreter" && path.endsWith("\r");
  const also = isDos ? "; the file's first line ends with CR LF, and must end with LF" : "";
  return `: ${what} ${path.trimEnd()} ${MISSING[code]}${also}`;
}

const MISSING: Readonly<Record<StartProblem["code"], string>> = {
  ENOENT: "is not there",
  EACCES: "may not be used",
};
