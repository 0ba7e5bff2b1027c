/** The sandbox of a command: what `--read`, `--write`, `--net` and `--no-net` allow, and no more. */

import type { Permissions } from "../../core/permissions.ts";
import { wrapCommand } from "../../process/sandbox.ts";
import type { Wrap } from "../../process/contain.ts";
import type { Complain } from "../run-output.ts";
import type { Variables } from "./hook.ts";
import type { ExecPlan } from "./plan.ts";

/** Whether anything is limited. */
export function isLimited({ read, write, net, noNet, requireSandbox }: ExecPlan): boolean {
  return requireSandbox || noNet || [read, write, net].some(({ length }) => length > 0);
}

/**
 * Wraps the command, and says what is not kept of what was asked for. Rejects with `SandboxError` where
 * `--require-sandbox` cannot be met, and with `OptionsError` for a path that is not there.
 */
export async function sandboxOf(
  plan: ExecPlan,
  env: Variables,
  complain: Complain,
): Promise<Wrap | undefined> {
  if (!isLimited(plan)) return undefined;
  const wrapped = await wrapCommand(plan.argv, permissionsOf(plan), {
    env,
    cwd: plan.cwd,
    require: plan.requireSandbox,
  });
  // Where nothing is lacking, it is what no sandbox of ours keeps.
  const why = wrapped.lacks === "" ? "" : ` (${wrapped.lacks})`;
  for (const part of wrapped.unheld) {
    complain(`holdfast: not kept in the sandbox: ${part}${why}\n`, "WARNING");
  }
  return () => ({ argv: wrapped.argv, level: wrapped.level });
}

function permissionsOf({ read, write, net, noNet }: ExecPlan): Permissions {
  return {
    ...(read.length === 0 ? {} : { read }),
    ...(write.length === 0 ? {} : { write }),
    ...(net.length === 0 && !noNet ? {} : { net: noNet ? [] : net }),
  };
}
