/** One switch for many breakers, and the handles that it is held by. */

import type { Emit } from "../core/events.ts";
import { callable, readOptions, required, text, type Reader } from "../core/options.ts";
import { teller } from "./tell.ts";

/** Holds breakers open, together with whoever else does. Disposing of it releases it, too. */
export interface Isolation extends Disposable {
  /** Lets go of them; again does nothing. */
  release(): void;
}

/** What isolates any number of breakers at once. */
export interface BreakerControl {
  /** Stands in events. */
  readonly name: string;
  /** Whether at least one isolation is held. */
  readonly isIsolated: boolean;
  /**
   * Has every breaker that was given this control refuse every call, until this isolation and all others
   * are released. Calls under way go on, and what the breakers know stays as it is.
   *
   * @example
   * using _maintenance = control.isolate();
   */
  isolate(): Isolation;
}

/** How a control is watched. */
export interface BreakerControlOptions {
  /** Told `breaker.isolated` and `breaker.released`, as they happen. What it throws is dropped. */
  readonly on?: Emit | undefined;
}

const READERS = {
  on: callable<Emit, undefined>({ default: undefined }),
} satisfies Record<keyof BreakerControlOptions, Reader<unknown>>;

const readName = required(text({ default: undefined }), "a name");

/**
 * Makes a switch that any number of breakers may be given, as their `control`: for the maintenance of
 * what they all depend on. It knows none of them, so it costs them nothing, however many they are.
 *
 * @throws {OptionsError} At once, if the name is empty or an option is unknown.
 * @example
 * const control = breakerControl("data centre");
 * const hosts = breakers("host", { control });
 * using _maintenance = control.isolate();
 * console.log(hosts.for("db.example").admits); // false
 */
export function breakerControl(name: string, options: BreakerControlOptions = {}): BreakerControl {
  const policy = readName(name, "breakerControl.name");
  const tell = teller(readOptions("breakerControl", options, READERS).on);
  return new CountedControl(policy, (type) => tell({ type, policy }));
}

type Changed = (type: "breaker.isolated" | "breaker.released") => void;

/** Counts the isolations that are held. */
export class CountedControl implements BreakerControl {
  readonly name: string;
  readonly #changed: Changed;
  #held = 0;

  /** @param changed Told when the first isolation begins, and when the last is released. */
  constructor(name: string, changed: Changed) {
    this.name = name;
    this.#changed = changed;
    Object.freeze(this);
  }

  get isIsolated(): boolean {
    return this.#held > 0;
  }

  isolate(): Isolation {
    this.#held++;
    if (this.#held === 1) this.#changed("breaker.isolated");
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#held--;
      if (this.#held === 0) this.#changed("breaker.released");
    };
    return Object.freeze<Isolation>({ release, [Symbol.dispose]: release });
  }
}
