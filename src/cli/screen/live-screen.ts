/** What is under way, redrawn in place below the lines that stay. */

import type { Sink } from "../../core/events.ts";
import type { Terminal, World } from "../command.ts";
import { afterEvent, QUIET } from "./live-model.ts";
import { linesOf } from "./live-view.ts";
import type { Screen } from "./screen.ts";
import { widthOf } from "./width.ts";

/** Time between two drawings, in milliseconds: quicker is only flicker. */
const DRAW_EVERY_MS = 100;

/** See the header. */
export class LiveScreen implements Screen {
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
