/** Signals that say nothing of the end of holdfast: what they mean the command knows. */

import { isatty } from "node:tty";
import type { RunningCommand } from "../../process/ended-command.ts";

const HANDED_ON = ["SIGUSR1", "SIGUSR2", "SIGQUIT"] as const;

/** Hands them on until the answer is called. Of themselves they would end holdfast, or open its inspector. */
export function handOn({ forward }: Pick<RunningCommand, "forward">): () => void {
  const handlers = HANDED_ON.map((name) => {
    const handler = (): void => {
      // What is typed in a terminal has reached the command already.
      if (name !== "SIGQUIT" || !isatty(0)) forward(name);
    };
    process.on(name, handler);
    return { name, handler };
  });
  return () => {
    for (const { name, handler } of handlers) process.off(name, handler);
  };
}
