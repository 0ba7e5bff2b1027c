import { expect, test } from "vitest";
import { journalContract } from "./journal.contract.ts";
import { memoryJournal } from "./memory.ts";

journalContract("memory", memoryJournal);

test.for<[options: object, message: string]>([
  [{ lease: 0 }, "memoryJournal.lease: expected a duration"],
  [{ lease: Infinity }, "memoryJournal.lease: expected a duration"],
  [{ clock: {} }, "memoryJournal.clock: expected an object with now(), received an object"],
  [{ isGone: true }, "memoryJournal.isGone: expected a function, received true"],
  [{ ttl: 5 }, "memoryJournal.ttl: unknown; known are clock, lease, isGone"],
])("refuses %o", ([options, message]) => {
  expect(() => memoryJournal(options)).toThrow(message);
});

test("keeps a run for 30 seconds unless told otherwise", () => {
  expect(memoryJournal().renewEveryMs).toBe(10_000);
});
