import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { constant, retry } from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { faultOf } from "./classify.ts";
import { GRPC_ROWS } from "./grpc.ts";

/** Shaped as the errors of @grpc/grpc-js; what the library itself makes is in test/grpc.test.ts. */
function serviceError(fields: object): Error {
  return Object.assign(new Error("14 UNAVAILABLE: down"), {
    details: "down",
    metadata: { get: () => [] },
    ...fields,
  });
}

const pushback = (...values: unknown[]): object => ({
  get: (key: string) => (key === "grpc-retry-pushback-ms" ? values : []),
});

const EXPECTED: readonly [faultClass: FaultClass, effect: Effect, codes: string][] = [
  ["fatal", "none", "3 INVALID_ARGUMENT, 5 NOT_FOUND, 6 ALREADY_EXISTS, 7 PERMISSION_DENIED"],
  ["fatal", "none", "9 FAILED_PRECONDITION, 11 OUT_OF_RANGE, 16 UNAUTHENTICATED"],
  ["fatal", "unknown", "1 CANCELLED, 12 UNIMPLEMENTED, 15 DATA_LOSS"],
  ["unknown", "unknown", "2 UNKNOWN"],
  ["timeout", "unknown", "4 DEADLINE_EXCEEDED"],
  ["transient", "unknown", "8 RESOURCE_EXHAUSTED"],
  ["transient", "none", "10 ABORTED"],
  ["degraded", "unknown", "13 INTERNAL, 14 UNAVAILABLE"],
];

const ROWS = EXPECTED.flatMap(([faultClass, effect, codes]) =>
  codes.split(", ").map((known) => {
    const [number = "", name = ""] = known.split(" ");
    return { number: Number(number), code: `GRPC_${name}`, faultClass, effect };
  }),
);

test.for(ROWS)("status $number is $code, $faultClass with effect $effect", (row) => {
  const { number, code, faultClass, effect } = row;

  expect(faultOf(serviceError({ code: number }))).toEqual({ class: faultClass, code, effect });
});

test("every status that is a failure is expected above", () => {
  expect(GRPC_ROWS.map(({ number }) => number)).toEqual(
    Array.from({ length: 16 }, (_, i) => i + 1),
  );
  expect(ROWS.length).toBe(16);
});

test.for<[what: string, fields: object]>([
  ["status 0, which is none", { code: 0 }],
  ["a status that does not exist", { code: 17 }],
  ["a negative one", { code: -14 }],
  ["one that is no whole number", { code: 14.5 }],
  ["a number in text", { code: "14" }],
  ["no details", { code: 14, details: undefined }],
  ["details that are no text", { code: 14, details: [] }],
  ["no metadata", { code: 14, metadata: undefined }],
  ["metadata that cannot be asked", { code: 14, metadata: { get: "x" } }],
])("%s is no failed gRPC call", ([, fields]) => {
  expect(faultOf(serviceError(fields)).code).not.toMatch(/^GRPC_/);
});

test.for<[code: number, value: unknown, fault: object]>([
  [14, "250", { class: "degraded", code: "GRPC_UNAVAILABLE", effect: "none", retryAfterMs: 250 }],
  [14, "0", { class: "degraded", code: "GRPC_UNAVAILABLE", effect: "none", retryAfterMs: 0 }],
  [
    8,
    "2147483647",
    {
      class: "transient",
      code: "GRPC_RESOURCE_EXHAUSTED",
      effect: "none",
      retryAfterMs: 2147483647,
    },
  ],
  [13, "5", { class: "degraded", code: "GRPC_INTERNAL", effect: "unknown", retryAfterMs: 5 }],
  [14, "-1", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
  [14, "", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
  [14, "007", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
  [14, "1.5", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
  [14, "2147483648", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
  [14, "soon", { class: "fatal", code: "GRPC_UNAVAILABLE", effect: "unknown" }],
])("status %i with pushback %o is %o", ([code, value, fault]) => {
  expect(faultOf(serviceError({ code, metadata: pushback(value) }))).toEqual(fault);
});

test.for<[what: string, metadata: object]>([
  ["without pushback", pushback()],
  ["whose answer is no list", { get: () => "250" }],
  [
    "that throws",
    {
      get: () => {
        throw new Error("no");
      },
    },
  ],
])("metadata %s says nothing", ([, metadata]) => {
  expect(faultOf(serviceError({ code: 14, metadata }))).toEqual({
    class: "degraded",
    code: "GRPC_UNAVAILABLE",
    effect: "unknown",
  });
});

test.for([
  [8, [1_000]],
  [10, []],
] as const)("the first retry after status %i comes after %o ms", async ([code, waits]) => {
  const clock = new VirtualClock();

  await clock.settle(() =>
    retry({ clock, backoff: constant("1s") }).run(({ attempt }) => {
      if (attempt === 1) throw serviceError({ code });
    }),
  );

  expect(clock.sleeps).toEqual(waits);
});

test("it is found as a cause", () => {
  const error = new Error("could not read", { cause: serviceError({ code: 14 }) });

  expect(faultOf(error).code).toBe("GRPC_UNAVAILABLE");
});

test("whatever pushback says, a wait is a finite number and not negative", () => {
  const value = fc.oneof(fc.string(), fc.integer().map(String), fc.anything());
  fc.assert(
    fc.property(value, (said) => {
      const { class: faultClass, retryAfterMs } = faultOf(
        serviceError({ code: 14, metadata: pushback(said) }),
      );

      const isWait = Number.isInteger(retryAfterMs) && (retryAfterMs as number) >= 0;
      expect(retryAfterMs === undefined ? faultClass !== "transient" : isWait).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
