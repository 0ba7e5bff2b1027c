import fc from "fast-check";
import { expect, test } from "vitest";
import {
  admits,
  begun,
  CLOSED,
  failed,
  ignored,
  pauseLeftMs,
  succeeded,
  type Circuit,
} from "./circuit.ts";

const RULES = { failures: 3, pause: 1_000, probeTimeout: 5_000 };

const closed = (failures: number, generation = 4): Circuit => ({
  state: "closed",
  generation,
  failures,
});
const open = (untilMs: number, generation = 5): Circuit => ({ state: "open", generation, untilMs });
const halfOpen = (leaseUntilMs: number, generation = 6): Circuit => ({
  state: "half-open",
  generation,
  leaseUntilMs,
});

test.for<[name: string, circuit: Circuit, nowMs: number, isAdmitted: boolean, leftMs: number]>([
  ["closed admits", closed(2), 0, true, 0],
  ["open waits out its pause", open(1_000), 400, false, 600],
  ["open refuses to the last moment", open(1_000), 999, false, 1],
  ["open admits when the pause is over", open(1_000), 1_000, true, 0],
  ["open admits long after", open(1_000), 1e9, true, 0],
  ["half-open refuses while one probes, at any moment no more", halfOpen(5_000), 100, false, 0],
  ["half-open refuses to the end of the lease", halfOpen(5_000), 4_999, false, 0],
  ["half-open admits when the lease is over", halfOpen(5_000), 5_000, true, 0],
  ["half-open admits when nobody probes", halfOpen(-Infinity), 0, true, 0],
])("%s", ([, circuit, nowMs, isAdmitted, leftMs]) => {
  expect([admits(circuit, nowMs), pauseLeftMs(circuit, nowMs)]).toEqual([isAdmitted, leftMs]);
});

test.for<[name: string, after: Circuit, expected: Circuit]>([
  ["a call through a closed circuit changes nothing", begun(closed(2), 50, RULES), closed(2)],
  ["a call after the pause is a probe", begun(open(40), 50, RULES), halfOpen(5_050, 6)],
  ["a probe may follow a lapsed one", begun(halfOpen(40), 50, RULES), halfOpen(5_050, 7)],
  ["a success clears the count", succeeded(closed(2), 4, 0), closed(0)],
  ["a success of an older generation changes nothing", succeeded(closed(2), 3, 0), closed(2)],
  ["a successful probe closes", succeeded(halfOpen(100), 6, 99), closed(0, 7)],
  ["a success at the end of the lease is late", succeeded(halfOpen(100), 6, 100), halfOpen(100)],
  ["a success from before the opening is dropped", succeeded(halfOpen(100), 4, 0), halfOpen(100)],
  ["a success while open changes nothing", succeeded(open(100), 4, 0), open(100)],
  ["a failure is counted", failed(closed(1), 4, 50, RULES), closed(2)],
  ["the failure that reaches the limit opens", failed(closed(2), 4, 50, RULES), open(1_050, 5)],
  ["a failure of an older generation is not counted", failed(closed(2), 3, 50, RULES), closed(2)],
  ["a failure while open leaves the pause", failed(open(100), 4, 50, RULES), open(100)],
  ["a failed probe opens again", failed(halfOpen(100), 6, 50, RULES), open(1_050, 7)],
  ["a failure after the lease is late", failed(halfOpen(100), 6, 100, RULES), halfOpen(100)],
  ["an ignored call leaves the count", ignored(closed(2), 4), closed(2)],
  ["an ignored probe gives its place back", ignored(halfOpen(100), 6), halfOpen(-Infinity)],
  ["an ignored call of another generation keeps the place", ignored(halfOpen(9), 5), halfOpen(9)],
])("%s", ([, after, expected]) => {
  expect(after).toEqual(expected);
});

test("a limit of one opens at the first failure", () => {
  expect(failed(CLOSED, 0, 0, { ...RULES, failures: 1 })).toEqual(open(1_000, 1));
});

/** One call on its way through the circuit. */
interface Call {
  readonly generation: number;
  readonly isProbe: boolean;
  readonly leaseUntilMs: number;
}

type Outcome = "succeeded" | "failed" | "ignored";

type Command =
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "begin" }
  | { readonly type: "end"; readonly which: number; readonly outcome: Outcome };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 2_500 }) }),
  fc.record({ type: fc.constant("begin" as const) }),
  fc.record({
    type: fc.constant("end" as const),
    which: fc.nat({ max: 20 }),
    outcome: fc.constantFrom<Outcome>("succeeded", "failed", "ignored"),
  }),
);

function ended(circuit: Circuit, call: Call, outcome: Outcome, nowMs: number): Circuit {
  if (outcome === "succeeded") return succeeded(circuit, call.generation, nowMs);
  if (outcome === "failed") return failed(circuit, call.generation, nowMs, RULES);
  return ignored(circuit, call.generation);
}

/** A circuit that is played by commands, and every rule that it broke on the way. */
class Play {
  readonly broken: string[] = [];
  readonly #calls: Call[] = [];
  #circuit = CLOSED;
  #nowMs = 0;

  do(next: Command): void {
    const before = this.#circuit;
    if (next.type === "wait") this.#nowMs += next.ms;
    else if (next.type === "begin") this.#begin();
    else this.#end(next);
    const after = this.#circuit;
    const generations = after.generation - before.generation;
    this.#holds("each change is one generation", generations === 0 || generations === 1);
    this.#holds("no state without a generation", generations === 1 || after.state === before.state);
    const probes = this.#calls.filter((call) => call.isProbe && this.#nowMs < call.leaseUntilMs);
    this.#holds("one probe at a time", probes.length <= 1);
    const openMs = after.state === "open" ? after.untilMs - this.#nowMs : 0;
    this.#holds("no longer open than a pause", openMs <= RULES.pause);
  }

  #begin(): void {
    if (!admits(this.#circuit, this.#nowMs)) return;
    this.#circuit = begun(this.#circuit, this.#nowMs, RULES);
    const isProbe = this.#circuit.state === "half-open";
    const leaseUntilMs = isProbe ? this.#nowMs + RULES.probeTimeout : Infinity;
    this.#calls.push({ generation: this.#circuit.generation, isProbe, leaseUntilMs });
  }

  #end({ which, outcome }: Command & { readonly type: "end" }): void {
    const [call] = this.#calls.splice(which, 1);
    if (call === undefined) return;
    const before = this.#circuit;
    this.#circuit = ended(before, call, outcome, this.#nowMs);
    const isLate = call.generation !== before.generation || this.#nowMs >= call.leaseUntilMs;
    const isDecided = isLate && outcome !== "ignored" && this.#circuit !== before;
    this.#holds("a late end decides nothing", !isDecided);
  }

  #holds(rule: string, isKept: boolean): void {
    if (!isKept) this.broken.push(rule);
  }
}

test("whatever happens in whatever order, no rule is broken", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const play = new Play();

      for (const next of commands) play.do(next);

      expect(play.broken).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});
