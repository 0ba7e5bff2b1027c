import { expect, test } from "vitest";
import { readStoreOptions, type ObjectStoreOptions } from "./object-store-options.ts";

test("the defaults are a store without faults on a free port", () => {
  expect(readStoreOptions({ directory: "/d" })).toEqual({
    directory: "/d",
    port: 0,
    seed: "holdfast",
    profile: "none",
    faults: { kinds: [], rate: 0, inARow: 2, atFirst: false, retryAfter: 1_000, stall: 30_000 },
    script: [],
    refuse: [],
  });
});

test("changes are put over the profile", () => {
  const { faults } = readStoreOptions({
    directory: "/d",
    profile: "fast",
    faults: { stall: "2s", rate: undefined, kinds: ["reset"] },
  });

  expect(faults).toEqual({
    kinds: ["reset"],
    rate: 0.15,
    inARow: 2,
    atFirst: true,
    retryAfter: 0,
    stall: 2_000,
  });
});

test("an outage refuses every PUT before anything else", () => {
  const { refuse } = readStoreOptions({
    directory: "/d",
    profile: "outage",
    refuse: [{ method: "DELETE", status: 500, prefix: "a" }],
  });

  expect(refuse).toEqual([
    { method: "PUT", status: 403, prefix: "" },
    { method: "DELETE", status: 500, prefix: "a" },
  ]);
});

test.for<[options: object, message: string]>([
  [{}, "objectStore.directory: expected a directory, received undefined"],
  [{ directory: "/d", profile: "wild" }, 'objectStore.profile: expected "none", "fast"'],
  [
    { directory: "/d", faults: { rate: 2 } },
    "objectStore.faults.rate: expected a number from 0 to 1",
  ],
  [{ directory: "/d", faults: { rates: 1 } }, "objectStore.faults.rates: unknown"],
  [{ directory: "/d", script: ["boom"] }, "objectStore.script[0]: expected"],
  [
    { directory: "/d", refuse: [{ status: 200 }] },
    "objectStore.refuse[0].method: expected a method",
  ],
  [
    { directory: "/d", seed: 1.5 },
    "objectStore.seed: expected a whole number or text, received 1.5",
  ],
])("refuses %o", ([options, message]) => {
  expect(() => readStoreOptions(options as ObjectStoreOptions)).toThrow(message);
});
