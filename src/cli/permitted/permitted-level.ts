/** What is said and known of the level at which an automation is kept to its permissions. */

import type { HoldfastEvent } from "../../core/events.ts";
import type { SettledPermissions } from "../../core/permissions.ts";
import { ALWAYS_SEEN } from "../../process/bubblewrap.ts";
import type { Kept } from "../../process/kernel-denial.ts";
import { NO_NETWORK } from "../../process/sandbox-level.ts";
import type { WrappedCommand } from "../../process/sandbox.ts";
import type { World } from "../command.ts";

/** What the kernel keeps of them at the level that was reached. */
export function keptBy(
  { level, held }: WrappedCommand,
  { read, write, net }: SettledPermissions,
  own: readonly string[],
): Kept | undefined {
  const cutsNet = level === "bubblewrap" || held.includes(NO_NETWORK);
  if (level === "bubblewrap")
    return { write, net, cutsNet, seen: [...read, ...own, ...ALWAYS_SEEN] };
  return cutsNet ? { write, net, cutsNet } : undefined;
}

/** Which level was reached, as the log has it. */
export function levelEvent(
  { level, held, unheld, lacks }: WrappedCommand,
  { clock }: World,
): HoldfastEvent {
  const rest = unheld.length === 0 ? "" : `; by Node alone: ${unheld.join(", ")}`;
  const besides = held.length === 0 ? "" : `; the kernel keeps: ${held.join(", ")}`;
  const message =
    level === "bubblewrap"
      ? `Permissions are kept by the kernel (bubblewrap) and by Node${rest}`
      : `Permissions are kept by Node alone, which node:sqlite, links and programs can get around: ${lacks}${besides}`;
  return {
    type: "log.written",
    level: level === "bubblewrap" ? "INFO" : "WARNING",
    message,
    data: { sandbox: level },
    atMs: clock.now(),
    where: {},
  };
}
