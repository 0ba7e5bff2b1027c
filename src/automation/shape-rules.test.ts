import fc from "fast-check";
import { expect, test } from "vitest";
import { REACTIONS } from "../core/reactions.ts";
import type { TaskFailure } from "../policies/task-result.ts";
import { checkAfter, failedOf } from "./after.ts";
import { childRunId } from "./key.ts";
import { KeySet } from "./parallel/key-set.ts";
import { itemsEndOf, MapTally } from "./parallel/map-result.ts";
import { exitCodeOf, Tally } from "./outcome.ts";
import { restMs } from "./rest.ts";
import { Slots } from "./parallel/slots.ts";

const failure = (name: string, rollback: TaskFailure["rollback"]): TaskFailure => ({
  ok: false,
  name,
  fault: { class: "fatal", code: "X", effect: "unknown" },
  error: new Error("x"),
  attempts: 1,
  durationMs: 1,
  rollback,
});

test("a task may come after those that were declared, and after nothing else", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { minLength: 1 });
  fc.assert(
    fc.property(names, fc.nat(), fc.nat(), (all, at, of) => {
      const place = at % all.length;
      const other = all[of % all.length] ?? "";
      const isBefore = all.indexOf(other) < place;
      const check = () => checkAfter(all[place] ?? "", [other], new Set(all.slice(0, place)));

      if (isBefore) expect(check).not.toThrow();
      else expect(check).toThrow(`comes after`);
    }),
  );
  expect(() => checkAfter("a", ["a"], new Set(["a"]))).toThrow('Task "a" comes after itself');
});

test("those that failed are told by name", () => {
  const ok = { ok: true, name: "a", value: 1, attempts: 1, durationMs: 1, healed: false } as const;

  expect(failedOf([ok, failure("b", "none"), failure("c", "none")])).toEqual(["b", "c"]);
});

test("a set of keys is one of texts, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 }), (keys) => {
      const set = new KeySet();
      const seen = new Set<string>();
      for (const key of keys) {
        expect(set.add(key)).toBe(!seen.has(key));
        seen.add(key);
      }
    }),
  );
});

test("what is left of a wait is never negative, and never more than all of it", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer(), (startedAtMs, lengthMs, sinceMs) => {
      const leftMs = restMs(startedAtMs, startedAtMs + lengthMs, startedAtMs + sinceMs);

      expect(leftMs).toBe(Math.min(lengthMs, Math.max(0, lengthMs - sinceMs)));
    }),
  );
});

test("items that are counted one by one, and at once from the journal, come to the same", () => {
  const item = fc.constantFrom("ok", "none", "complete", "incomplete");
  fc.assert(
    fc.property(fc.array(item, { maxLength: 250 }), fc.boolean(), (items, mayFail) => {
      const live = new Tally(REACTIONS);
      const map = new MapTally();
      for (const [index, how] of items.entries()) {
        const name = `m[${index}]`;
        if (how === "ok") {
          map.succeed();
          const result = { ok: true, name, value: 1, attempts: 1, durationMs: 1, healed: false };
          live.addItem({ result: result as never, mayFail }, false);
        } else {
          const result = failure(name, how as TaskFailure["rollback"]);
          const isKept = map.fail(String(index), result, exitCodeOf(result, REACTIONS));
          live.addItem({ result, mayFail }, isKept);
        }
      }
      const replayed = new Tally(REACTIONS);
      replayed.addItems(itemsEndOf("m", map.sum(false), mayFail));
      const shown = (tally: Tally) => [
        tally.count,
        tally.exitCode,
        tally.ends.map(({ result }) => result.name),
      ];

      expect(shown(replayed)).toEqual(shown(live));
      expect(live.ends.length).toBeLessThanOrEqual(100);
    }),
  );
});

test("of many tasks the first thousand are kept, and all are counted", () => {
  const tally = new Tally(REACTIONS);
  for (let each = 0; each < 1_500; each++) {
    tally.add({
      result: failure(`t${each}`, each === 1_400 ? "incomplete" : "none"),
      mayFail: false,
    });
  }

  expect([tally.ends.length, tally.count]).toEqual([1_000, { succeeded: 0, total: 1_500 }]);
  expect([tally.exitCode, tally.failure?.name]).toEqual([81, "t1400"]);
});

test("slots are given in the order in which they were asked for, never more than there are", async () => {
  const slots = new Slots(2);
  const log: string[] = [];
  const ends = ["a", "b", "c", "d"].map((name) => ({ name, ...Promise.withResolvers<void>() }));
  const running = ends.map(({ name, promise }) =>
    slots.use(async () => {
      log.push(name);
      await promise;
      if (name === "b") throw new Error("b failed");
    }),
  );
  await Promise.resolve();
  const before = [...log];
  ends[1]?.resolve();
  await running[1]?.catch(() => undefined);
  await Promise.resolve();

  expect([before, log]).toEqual([
    ["a", "b"],
    ["a", "b", "c"],
  ]);
  for (const { resolve } of ends) resolve();
  await Promise.allSettled(running);
});

test("a child's run has the time of its parent's name, and a name of its own", () => {
  const parent = "01kdvdna00gggggggggggggggg";
  const ids = [childRunId(parent, "a"), childRunId(parent, "b"), childRunId(`${parent}1`, "a")];

  expect(ids.map((id) => id.slice(0, 10))).toEqual(Array(3).fill("01kdvdna00"));
  expect(ids.every((id) => /^[0-9a-z]{26}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(3);
  expect(childRunId(parent, "a")).toBe(ids[0]);
});
