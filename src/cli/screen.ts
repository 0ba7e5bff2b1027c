/**
 * The standard error as a person sees it: lines that stay, and below them, in a terminal, what is under
 * way, redrawn in place.
 */

import type { Sink } from "../core/events.ts";
import type { Arguments, Terminal, World } from "./command.ts";
import { afterEvent, QUIET } from "./live-model.ts";
import { linesOf } from "./live-view.ts";
import { widthOf } from "./width.ts";

/** Time between two drawings, in milliseconds: quicker is only flicker. */
const DRAW_EVERY_MS = 100;

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

/** Opens the screen of a run. */
export function openScreen(args: Arguments, world: World): Screen {
  const { terminal } = world;
  if (terminal !== undefined && isLive(args, world)) return new LiveScreen(world, terminal);
  return { write: (text) => world.complain(text), close: () => undefined };
}

class LiveScreen implements Screen {
  readonly #world: World;
  readonly #terminal: Terminal;
  readonly #closed = new AbortController();
  readonly #stopListening: () => void;
  #live = QUIET;
  #drawn: readonly string[] = [];
  #frame = 0;
  #isWriting = false;
  /** Somebody else has written a part of a line, such as a question: nothing is drawn into it. */
  #isLineOpen = false;

  constructor(world: World, terminal: Terminal) {
    this.#world = world;
    this.#terminal = terminal;
    this.#stopListening = terminal.onWrite((text) => this.#makeWay(text));
    void this.#draw();
  }

  readonly sink: Sink = (event) => {
    this.#live = afterEvent(this.#live, event);
  };

  write(text: string): void {
    const lineEnd = this.#isLineOpen ? "\n" : "";
    this.#isLineOpen = false;
    this.#put(`${this.#erasure()}${lineEnd}${text}`);
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#put(this.#erasure());
    this.#stopListening();
  }

  async #draw(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      if (!this.#isLineOpen) this.#redraw();
      await this.#world.clock.sleep(DRAW_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #redraw(): void {
    const columns = this.#terminal.columns();
    const sight = { nowMs: this.#world.clock.now(), columns, frame: this.#frame++ };
    const lines = linesOf(this.#live, sight);
    const erasure = this.#erasure();
    this.#drawn = lines;
    this.#put(`${erasure}${lines.map((line) => `${line}\n`).join("")}`);
  }

  /** Up to where the region begins, and all below it cleared. A terminal that became narrower wraps. */
  #erasure(): string {
    const columns = Math.max(1, this.#terminal.columns());
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)),
      0,
    );
    this.#drawn = [];
    return rows === 0 ? "" : `\u001b[${rows}A\r\u001b[J`;
  }

  /** The automation, or a part of it, writes to the terminal by itself. */
  #makeWay(text: string): void {
    if (this.#isWriting) return;
    this.#put(this.#erasure());
    if (text !== "") this.#isLineOpen = !text.endsWith("\n");
  }

  #put(text: string): void {
    if (text === "") return;
    this.#isWriting = true;
    this.#world.complain(text);
    this.#isWriting = false;
  }
}
