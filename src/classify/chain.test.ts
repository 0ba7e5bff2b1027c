import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effect, FaultClass } from "../core/fault.ts";
import { deepestFault } from "./chain.ts";
import { faultOf } from "./classify.ts";

function failing(code: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(code, options), { code });
}

function wrapped(depth: number, innermost: unknown): Error {
  return depth === 1
    ? new Error("wrapped", { cause: innermost })
    : new Error("wrapped", { cause: wrapped(depth - 1, innermost) });
}

test("the deepest code wins over those above it", () => {
  const error = failing("UND_ERR_SOCKET", {
    cause: new Error("between", { cause: failing("ECONNREFUSED") }),
  });

  expect(deepestFault(error)).toEqual({ class: "degraded", code: "ECONNREFUSED", effect: "none" });
});

test("a cause that means nothing leaves the word to what is above it", () => {
  const error = failing("EBUSY", { cause: new Error("who knows") });

  expect(deepestFault(error)).toEqual({ class: "transient", code: "EBUSY", effect: "none" });
});

test("a cause is found at any depth", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (depth) => {
      expect(deepestFault(wrapped(depth, failing("ENOSPC")))).toEqual({
        class: "degraded",
        code: "ENOSPC",
        effect: "partial",
      });
    }),
    { numRuns: 50 },
  );
});

test("a chain of a hundred thousand causes ends", () => {
  let error = failing("EBUSY");
  for (let depth = 0; depth < 100_000; depth++) error = new Error("wrapped", { cause: error });

  expect(faultOf(error).class).toBe("unknown");
});

test.for<[members: string, faultClass: FaultClass, code: string, effect: Effect]>([
  // Happy Eyeballs: no way to one address, and at the other nobody listens.
  ["ENETUNREACH ECONNREFUSED", "degraded", "ECONNREFUSED", "unknown"],
  ["ETIMEDOUT ECONNREFUSED", "degraded", "ECONNREFUSED", "unknown"],
  ["ENETUNREACH ETIMEDOUT", "timeout", "ETIMEDOUT", "unknown"],
  ["EACCES EBUSY", "transient", "EBUSY", "none"],
  ["EACCES ENOSPC", "degraded", "ENOSPC", "partial"],
  ["EACCES ENOENT", "fatal", "EACCES", "none"],
  ["EACCES ?", "fatal", "EACCES", "unknown"],
  ["EBUSY", "transient", "EBUSY", "none"],
])("of several members (%s) the most hopeful class counts: %s", (row) => {
  const [members, faultClass, code, effect] = row;
  const errors = members.split(" ").map((name) => failing(name));

  const fault = deepestFault(new AggregateError(errors, "all failed"));

  expect(fault).toEqual({ class: faultClass, code, effect });
});

test("two attempts to connect that failed had no effect", () => {
  const errors = ["ENETUNREACH", "ECONNREFUSED"].map((code) =>
    Object.assign(failing(code), { syscall: "connect" }),
  );

  expect(deepestFault(new Error("fetch failed", { cause: new AggregateError(errors) }))).toEqual({
    class: "degraded",
    code: "ECONNREFUSED",
    effect: "none",
  });
});

test("what disposing suppressed is looked at too", () => {
  const error = new SuppressedError(new Error("close failed"), failing("ECONNRESET"));

  expect(deepestFault(error)).toEqual({
    class: "transient",
    code: "ECONNRESET",
    effect: "unknown",
  });
});

test("a chain that bites its own tail ends", () => {
  const first = failing("EBUSY");
  const second = new AggregateError([first], "members", { cause: first });
  first.cause = second;
  second.errors.push(second);

  expect(deepestFault(second)).toEqual({ class: "transient", code: "EBUSY", effect: "none" });
});

test("errors linked at random end, and say the same each time", () => {
  const link = fc.record({ from: fc.nat(7), to: fc.nat(7), isMember: fc.boolean() });
  fc.assert(
    fc.property(fc.array(link, { maxLength: 30 }), (links) => {
      const errors = Array.from({ length: 8 }, (_, index) =>
        Object.assign(new AggregateError([], "x"), index % 3 === 0 ? { code: "EBUSY" } : {}),
      );
      for (const { from, to, isMember } of links) {
        if (isMember) errors[from]?.errors.push(errors[to]);
        else Object.assign(errors[from] ?? {}, { cause: errors[to] });
      }

      expect(deepestFault(errors[0])).toMatchObject({ class: "transient", code: "EBUSY" });
      expect(deepestFault(errors[0])).toEqual(deepestFault(errors[0]));
    }),
    { numRuns: 500 },
  );
});

test("text, numbers and nothing have no chain", () => {
  expect(["text", 7, null, undefined].map(deepestFault)).toEqual(Array(4).fill(undefined));
});
