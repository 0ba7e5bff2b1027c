/**
 * The standard error as a person sees it: lines that stay, and below them, in a terminal, what is under
 * way, redrawn in place.
 */

import type { Sink } from "../../core/events.ts";
import type { Arguments, World } from "../command.ts";

/** See the header. */
export interface Screen {
  /** Writes whole lines, above what is under way. */
  write(text: string): void;
  /** Keeps what is under way up to date; missing where nothing of it is shown. */
  readonly sink?: Sink;
  /** Takes what is under way off the screen, for good. */
  close(): void;
}

/** Whether steps under way are shown and redrawn: to a person, in a terminal that can. */
export function isLive(
  args: Arguments,
  { env, terminal }: Pick<World, "env" | "terminal">,
): boolean {
  const isAutomatic = !["", "0", "false"].includes(env["CI"] ?? "");
  return (
    terminal !== undefined &&
    args.text("log-format") !== "json" &&
    env["TERM"] !== "dumb" &&
    !isAutomatic
  );
}

/** Opens the screen of a run. What draws is loaded only where something is drawn. */
export async function openScreen(args: Arguments, world: World): Promise<Screen> {
  const { terminal } = world;
  if (terminal !== undefined && isLive(args, world)) {
    const { LiveScreen } = await import("./live-screen.ts");
    return new LiveScreen(world, terminal);
  }
  return { write: (text) => world.complain(text), close: () => undefined };
}
