/** The plan of a command in the journal, as the input of its run: without secrets, and read strictly. */

import type { RunRecord } from "../../core/journal.ts";
import { list, readOptions, required, text } from "../../core/options.ts";
import type { Redactor } from "../../core/redact.ts";
import { decodeValue } from "../../journal/codec.ts";
import { AutomationFileError } from "../load-error.ts";
import { EXEC_CODE } from "./code.ts";
import { isSecretLine, secretsIn } from "./secret-arguments.ts";
import { isSaid, PLAN_READERS, type ExecPlan } from "./plan.ts";

/** The input of a run of `holdfast exec`. */
interface RecordedPlan {
  readonly exec: object;
  /** Whether secrets were taken out: then it cannot be done or undone by another process. */
  readonly isMasked: boolean;
}

/** As the journal may keep it. What people look for in it comes first. */
export function toRecorded(plan: ExecPlan, secrets: Redactor): RecordedPlan {
  const { name, argv, cwd, ...rest } = plan;
  // What is not said is left out, as in a profile.
  const told = Object.entries(rest).filter(([, value]) => isSaid(value));
  const said = JSON.parse(
    JSON.stringify({ name, argv, cwd, ...Object.fromEntries(told) }),
  ) as object;
  if (secrets.find(said) === undefined && !isTelling(plan, secrets)) {
    return { exec: said, isMasked: false };
  }
  const masked = secrets.value(said) as ExecPlan;
  const isClean =
    secrets.find(masked) === undefined && secretsIn(masked.argv, secrets).length === 0;
  return { exec: isClean ? masked : { name: plan.name }, isMasked: true };
}

/** Whether a secret stands in it that only a name tells, as in `--password=…`. */
function isTelling(plan: ExecPlan, secrets: Redactor): boolean {
  const { argv, verify, heal, undo = "", cleanup = "", alert = "" } = plan;
  const lines = [...verify, ...heal, undo, cleanup, alert];
  return secretsIn(argv, secrets).length > 0 || lines.some((line) => isSecretLine(line, secrets));
}

const member = required(text({ default: undefined }), "text");
/** An argument may be empty. */
const argument = (value: unknown, path: string) => (value === "" ? "" : member(value, path));

const READERS = {
  ...PLAN_READERS,
  argv: required(list(argument, { default: undefined }), "a command"),
  name: member,
  cwd: member,
};

/** Whether a run was made by `holdfast exec`. */
export function isOfExec({ codeHash }: Pick<RunRecord, "codeHash">): boolean {
  return codeHash === EXEC_CODE;
}

/** @throws {AutomationFileError} When a secret was taken out of it. */
export function fromRecorded({ id, input }: RunRecord): ExecPlan {
  const { exec, isMasked } = decodeValue(input) as RecordedPlan;
  if (!isMasked) return readOptions("exec", exec, READERS);
  throw new AutomationFileError(
    `of run ${id}`,
    "its command line held a secret, which the journal does not keep",
    "Run the command again; hand secrets to it in variables or files.",
  );
}
