import { expect, test } from "vitest";
import type { HoldfastEvent } from "../../core/events.ts";
import type { World } from "../command.ts";
import { isLive, openScreen } from "./screen.ts";
import { fakeWorld } from "../world-fixture.contract.ts";

const NO_ARGUMENTS = {
  positionals: [],
  text: () => undefined,
  texts: () => [],
  has: () => false,
} as const;

/** A terminal of a few columns: what is on it, line by line, and what is drawn how often. */
class Terminal {
  width: number;
  readonly drawn: string[] = [];
  #listeners: ((text: string) => void)[] = [];
  #cells: string[] = [""];
  #row = 0;

  constructor(width: number) {
    this.width = width;
  }

  readonly columns = () => this.width;

  readonly onWrite = (before: (text: string) => void) => {
    this.#listeners.push(before);
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== before);
    };
  };

  /** Whatever is written, by whomever. */
  readonly write = (text: string) => {
    for (const tell of this.#listeners) tell(text);
    this.drawn.push(text);
    // oxlint-disable-next-line no-control-regex
    for (const part of text.matchAll(/\u001b\[(\d*)([AJ])|\r|\n|[^\u001b\r\n]+/g)) this.#put(part);
  };

  /** Lines that are longer wrap, as terminals have it. */
  shrinkTo(width: number): void {
    this.width = width;
    this.#cells = this.#cells.flatMap(
      (line) => line.match(new RegExp(`.{1,${width}}`, "g")) ?? [""],
    );
    this.#row = this.#cells.length - 1;
  }

  get lines(): string[] {
    return this.#cells;
  }

  get isListenedTo(): boolean {
    return this.#listeners.length > 0;
  }

  #put([part, count, control]: RegExpMatchArray): void {
    if (control === "A") this.#row -= Number(count);
    else if (control === "J") this.#cells = [...this.#cells.slice(0, this.#row), ""];
    else if (part === "\n") this.#cells[++this.#row] ??= "";
    else if (part !== "\r") {
      for (const sign of part) {
        if ((this.#cells[this.#row] ?? "").length === this.width) this.#cells[++this.#row] = "";
        this.#cells[this.#row] += sign;
      }
    }
  }
}

async function liveWorld(width: number) {
  const terminal = new Terminal(width);
  const world = { ...fakeWorld(), terminal, complain: terminal.write };
  return { terminal, world, screen: await openScreen(NO_ARGUMENTS, world) };
}

function started(step: string, world: World): HoldfastEvent {
  return { type: "step.started", hasUndo: false, where: { step }, atMs: world.clock.now() };
}

test("lines stay, and what is under way is redrawn below them and goes at the end", async () => {
  const { terminal, world, screen } = await liveWorld(40);
  screen.write("one\n");
  screen.sink?.(started("upload", world));
  await world.clock.advance(1_150);
  const before = [...terminal.lines];
  screen.write("two\n");
  await world.clock.advance(100);
  const after = [...terminal.lines];
  screen.close();
  screen.close();
  await world.clock.advance(1_000);

  expect({ before, after, end: terminal.lines, isListenedTo: terminal.isListenedTo }).toEqual({
    before: ["one", "⠙ 1 s  upload", ""],
    after: ["one", "two", "⠹ 1 s  upload", ""],
    end: ["one", "two", ""],
    isListenedTo: false,
  });
  // Ten times a second, and nothing before there is something to show.
  expect(terminal.drawn.filter((text) => text.includes("upload"))).toHaveLength(12);
});

test("in a terminal that became narrower, the wrapped lines go too", async () => {
  const { terminal, world, screen } = await liveWorld(40);
  screen.write("one\n");
  screen.sink?.(started("a name of thirty characters ...", world));
  await world.clock.advance(100);
  terminal.shrinkTo(20);
  const wrapped = terminal.lines.length;
  await world.clock.advance(100);

  expect([wrapped, terminal.lines]).toEqual([4, ["one", "⠹ 0 s  a name of t…", ""]]);
  screen.close();
});

test("what the automation writes by itself stays whole, and nothing is drawn into its line", async () => {
  const { terminal, world, screen } = await liveWorld(40);
  screen.sink?.(started("upload", world));
  await world.clock.advance(100);
  terminal.write("Password: ");
  await world.clock.advance(500);
  const asked = [...terminal.lines];
  terminal.write("\n");
  await world.clock.advance(100);
  const answered = [...terminal.lines];
  terminal.write("half");
  screen.write("whole\n");
  screen.close();

  expect({ asked, answered: answered.map((line) => line.slice(1)), end: terminal.lines }).toEqual({
    asked: ["Password: "],
    answered: ["assword: ", " 0 s  upload", ""],
    end: ["Password: ", "half", "whole", ""],
  });
});

test("without a terminal, lines are written and nothing else", async () => {
  const world = fakeWorld();
  const screen = await openScreen(NO_ARGUMENTS, world);
  screen.write("one\n");
  screen.close();

  expect([world.complained, screen.sink]).toEqual([["one\n"], undefined]);
});

test.for<[env: World["env"], format: string | undefined, live: boolean]>([
  [{}, undefined, true],
  [{ TERM: "xterm" }, "text", true],
  [{ NO_COLOR: "1" }, undefined, true],
  [{ CI: "" }, undefined, true],
  [{ CI: "false" }, undefined, true],
  [{ CI: "0" }, undefined, true],
  [{ CI: "true" }, undefined, false],
  [{ TERM: "dumb" }, undefined, false],
  [{}, "json", false],
])("in a terminal with %j and --log-format %s: %s", ([env, format, live]) => {
  const args = { ...NO_ARGUMENTS, text: () => format };

  expect(isLive(args, { env, terminal: new Terminal(80) })).toBe(live);
  expect(isLive(args, { env, terminal: undefined })).toBe(false);
});
