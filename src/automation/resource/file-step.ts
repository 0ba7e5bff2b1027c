/** A step that makes a file: its content goes to the disk, and only its name and sum to the journal. */

import { resolve } from "node:path";
import { AutomationError } from "../../core/errors.ts";
import type { StepContext, StepOptions } from "../automation.ts";
import { Holding } from "./holding.ts";
import { keptPaths, putBack, replaceKept } from "./kept-file.ts";
import type { FileContent } from "./file-content.ts";
import { fileMode, type WrittenFile } from "./replace-file.ts";
import type { Scope } from "../scope.ts";
import { refuseMade } from "../step-options.ts";

/** How a file is made. It may be repeated, and is undone by itself. */
export interface FileOptions extends Omit<
  StepOptions<WrittenFile>,
  "undo" | "reconcile" | "repeatable"
> {
  /** The permissions, as `0o640`. Default: those of the file that it replaces, else 0o666 less the umask. */
  readonly mode?: number | undefined;
}

/** What is to be made. */
export interface FileCall {
  readonly name: string;
  readonly path: string;
  readonly produce: (context: StepContext) => FileContent | PromiseLike<FileContent>;
  readonly options: FileOptions;
}

/** `task.file`. */
export async function fileStep(scope: Scope, call: FileCall): Promise<WrittenFile> {
  const { name, produce, options } = call;
  const { mode: givenMode, ...rest } = options;
  refuseMade(`file "${name}"`, options, ["undo", "reconcile", "repeatable"]);
  const path = resolve(call.path);
  const mode = fileMode(givenMode, `file "${name}".mode`);
  // Known before the first wait: a step is known as soon as it is asked for.
  const kept = Holding.open(scope, {
    what: "What was kept for",
    name: `${name} (before)`,
    held: (key) => ({ remove: keptPaths(path, key), isForUndo: true }),
    take: async () => {},
  });
  const made = scope.step(
    name,
    async (context) => {
      const { key } = (await kept).record;
      const content = await produce(context);
      return replaceKept(path, content, { key, mode, signal: context.signal });
    },
    {
      ...rest,
      repeatable: true,
      undo: async ({ log }) => {
        const { wasOver, record } = await kept;
        if (wasOver) throw new AutomationError(`What was kept to put ${path} back is gone`);
        const { key } = record;
        if ((await putBack(path, key)) === "as before") return;
        log.warning(`${path} was changed by somebody else, and is left as it is`);
      },
    },
  );
  const [, value] = await Promise.all([kept, made]);
  return value;
}
