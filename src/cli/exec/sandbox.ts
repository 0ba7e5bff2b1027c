/** The sandbox of a command: what `--read`, `--write`, `--net` and `--no-net` allow, and no more. */

import { resolve } from "node:path";
import { SandboxError } from "../../core/errors.ts";
import type { Permissions } from "../../core/permissions.ts";
import type { Wrap } from "../../process/contain.ts";
import { wrapCommand, type WrappedCommand } from "../../process/sandbox.ts";
import { readUser } from "../../process/user.ts";
import type { Complain } from "../run-output.ts";
import type { Variables } from "./hook.ts";
import type { ExecPlan } from "./plan.ts";

/** Whether anything is limited. */
export function isLimited({ read, write, net, noNet, requireSandbox }: ExecPlan): boolean {
  return requireSandbox || noNet || [read, write, net].some(({ length }) => length > 0);
}

/**
 * Wraps the command, and says what is not kept of what was asked for. Rejects with `SandboxError` where
 * all of it has to be kept and is not.
 */
export async function sandboxOf(
  plan: ExecPlan,
  env: Variables,
  complain: Complain,
): Promise<Wrap | undefined> {
  if (!isLimited(plan)) return undefined;
  const { user, requireSandbox } = plan;
  const wrapped = await wrapCommand(plan.argv, permissionsOf(plan), {
    env,
    cwd: plan.cwd,
    require: requireSandbox,
    who: user === undefined ? undefined : readUser(user, "exec.user"),
  });
  const { unheld, level } = wrapped;
  if (requireSandbox && unheld.length > 0) throw new SandboxError(NO_HOSTS, unheld);
  if (level !== "bubblewrap" || unheld.length > 0) complain(told(wrapped, plan), "WARNING");
  // Inside bubblewrap nobody outlives holdfast; else somebody has to see to that.
  return () => ({ argv: wrapped.argv, level, isOpen: level !== "bubblewrap" });
}

/** The only thing that bubblewrap does not keep of what a command can be told. */
const NO_HOSTS = "hosts are not told apart; --no-net is kept, and --net '*:*' allows all";

function told({ held, unheld, lacks, level }: WrappedCommand, { user }: ExecPlan): string {
  const isRoot = process.getuid?.() === 0 && user === undefined;
  const parts = [
    ...(unheld.length === 0 ? [] : [`not kept in the sandbox: ${unheld.join(", ")}`]),
    ...(held.length === 0 ? [] : [`kept: ${held.join(", ")}`]),
    ...(level !== "bubblewrap" && isRoot ? ["it is run as root; --user NAME takes that away"] : []),
  ];
  const why = level === "bubblewrap" ? NO_HOSTS : lacks;
  return `holdfast: ${parts.join("; ")} (${why})\n`;
}

function permissionsOf({ cwd, read, write, net, noNet }: ExecPlan): Permissions {
  const absolute = (paths: readonly string[]) => paths.map((path) => resolve(cwd, path));
  return {
    ...(read.length === 0 ? {} : { read: absolute(read) }),
    ...(write.length === 0 ? {} : { write: absolute(write) }),
    ...(net.length === 0 && !noNet ? {} : { net: noNet ? [] : net }),
  };
}
