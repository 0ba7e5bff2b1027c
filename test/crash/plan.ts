/** Which kill comes at which moment. Pure: the same windows and seed give the same kills. */

import { seededDice, type Random } from "../../src/testing/index.ts";
import type { Scenario } from "./night.ts";
import { kindOf, labelOf, type Window } from "./windows.ts";

/** A window of one scenario; each campaign has scenarios of its own. */
export interface ScenarioWindow<Played = Scenario> {
  readonly scenario: Played;
  readonly window: Window;
}

/** From outside, at this share of the time that a run takes. SIGINT, as Ctrl-C sends it, stops gracefully. */
interface OutsideAim<Played = Scenario> {
  readonly scenario: Played;
  readonly share: number;
  readonly signal: "SIGKILL" | "SIGINT";
}

/** When a run is killed. */
export type Aim<Played = Scenario> = ScenarioWindow<Played> | OutsideAim<Played>;

/** Every so many kills one comes from outside, by the one signal and the other in turn. */
const OUTSIDE_EVERY = 8;
const OUTSIDE_SIGNALS: readonly OutsideAim["signal"][] = ["SIGKILL", "SIGINT"];

/** What to aim at: kills count from 1, and do not depend on how many there are. */
export interface Plan<Played = Scenario> {
  aimOf(number: number): Aim<Played>;
  /** How many kills it takes to aim at every window so often. */
  killsFor(times: number): number;
}

/** What differs between the campaigns. */
export interface PlanOptions<Played> {
  /** By which signals kills come from outside, in turn. */
  readonly signals?: readonly OutsideAim["signal"][];
  /** One window of each kind is dealt first. Default: by what is written there. */
  readonly kindBy?: (entry: ScenarioWindow<Played>) => string;
}

/** Deals the windows one after the other and over again, one of each kind first. */
export function makePlan<Played>(
  windows: readonly ScenarioWindow<Played>[],
  scenarios: readonly Played[],
  seed: string,
  options: PlanOptions<Played> = {},
): Plan<Played> {
  const { signals = OUTSIDE_SIGNALS, kindBy = ({ window }) => kindOf(window) } = options;
  const order = oneOfEachKindFirst(shuffled(windows, seededDice(`${seed}/order`)), kindBy);
  return {
    aimOf(number) {
      if (number % OUTSIDE_EVERY === 0) {
        const dice = seededDice(`${seed}/outside/${number}`);
        const turn = number / OUTSIDE_EVERY - 1;
        const signal = signals[turn % signals.length] as OutsideAim["signal"];
        return { scenario: draw(scenarios, dice), share: dice(), signal };
      }
      const dealt = number - Math.floor(number / OUTSIDE_EVERY) - 1;
      return order[dealt % order.length] as ScenarioWindow<Played>;
    },
    killsFor(times) {
      const dealt = times * order.length;
      return dealt + Math.floor((dealt - 1) / (OUTSIDE_EVERY - 1));
    },
  };
}

/** Whether the run is stopped, and not killed. */
export function isGraceful(aim: Aim<unknown>): boolean {
  return "signal" in aim && aim.signal === "SIGINT";
}

/** An aim in words. */
export function describeAim(aim: Aim<{ readonly name: string }>): string {
  const when =
    "window" in aim
      ? labelOf(aim.window)
      : `${aim.signal} from outside, at ${Math.round(aim.share * 100)} %`;
  return `${aim.scenario.name}, ${shorten(when)}`;
}

/** Objects of two nights ago are named by that night's run, which says nothing to whoever reads. */
export function shorten(text: string): string {
  return text.replaceAll(/demo\/\w{26}-archive-\w+/g, "old");
}

/**
 * The windows that `runs`, the undisturbed ones of one scenario, all pass: what they pass only now
 * and then depends on the faults that they meet.
 */
export function commonWindows(runs: readonly (readonly Window[])[]): Window[] {
  const [first = [], ...others] = runs.map((windows) => [
    ...new Map(windows.map((window) => [labelOf(window), window])),
  ]);
  const labels = others.map((windows) => new Map(windows));
  return first
    .filter(([label]) => labels.every((passed) => passed.has(label)))
    .map(([, window]) => window);
}

/** The part of `windows` from where they leave the way of `known`. */
export function partingFrom(known: readonly Window[], windows: readonly Window[]): Window[] {
  const labels = new Set(known.map(labelOf));
  const start = windows.findIndex((window) => !labels.has(labelOf(window)));
  return start < 0 ? [] : windows.slice(start);
}

function oneOfEachKindFirst<Played>(
  windows: readonly ScenarioWindow<Played>[],
  kindBy: (entry: ScenarioWindow<Played>) => string,
): ScenarioWindow<Played>[] {
  const seen = new Map<string, number>();
  const ranked = windows.map((entry) => {
    const kind = kindBy(entry);
    const rank = seen.get(kind) ?? 0;
    seen.set(kind, rank + 1);
    return { entry, rank };
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

function draw<Item>(items: readonly Item[], dice: Random): Item {
  return items[Math.floor(dice() * items.length)] as Item;
}

function shuffled<Item>(items: readonly Item[], dice: Random): Item[] {
  const drawn = items.map((item) => ({ item, lot: dice() }));
  return drawn.toSorted((a, b) => a.lot - b.lot).map(({ item }) => item);
}
