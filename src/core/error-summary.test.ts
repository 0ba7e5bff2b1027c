import fc from "fast-check";
import { expect, test } from "vitest";
import { TimeoutError } from "./errors.ts";
import { errorLine, summariseError, type ErrorSummary } from "./error-summary.ts";

/** Stacks differ from machine to machine. */
function withoutStacks(summary: ErrorSummary): ErrorSummary {
  return JSON.parse(
    JSON.stringify(summary, (key, value: unknown) => (key === "stack" ? undefined : value)),
  ) as ErrorSummary;
}

test.for<[what: string, error: unknown, summary: ErrorSummary]>([
  ["an error", new TypeError("no"), { type: "TypeError", message: "no" }],
  [
    "an error of ours",
    new TimeoutError("It", 5),
    { type: "TimeoutError", message: "It did not end within 5 ms", code: "TIMED_OUT" },
  ],
  [
    "a code that is a number",
    Object.assign(new Error("no"), { code: 5 }),
    { type: "Error", message: "no", code: "5" },
  ],
  [
    "a code that is neither",
    Object.assign(new Error("no"), { code: {} }),
    { type: "Error", message: "no" },
  ],
  [
    "a cause",
    new Error("a", { cause: new Error("b") }),
    { type: "Error", message: "a", cause: { type: "Error", message: "b" } },
  ],
  [
    "a cause that is text",
    new Error("a", { cause: "b" }),
    { type: "Error", message: "a", cause: { type: "text", message: "b" } },
  ],
  ["a cause that is null", new Error("a", { cause: null }), { type: "Error", message: "a" }],
  [
    "several errors",
    new AggregateError([new Error("b"), "c"], "a"),
    {
      type: "AggregateError",
      message: "a",
      errors: [
        { type: "Error", message: "b" },
        { type: "text", message: "c" },
      ],
    },
  ],
  [
    "an error that came while another was on its way out",
    new SuppressedError(new Error("b"), new Error("a"), "closing failed"),
    {
      type: "SuppressedError",
      message: "closing failed",
      errors: [
        { type: "Error", message: "a" },
        { type: "Error", message: "b" },
      ],
    },
  ],
  ["no errors", new AggregateError([], "a"), { type: "AggregateError", message: "a" }],
  ["text", "no", { type: "text", message: "no" }],
  ["a number", 5, { type: "number", message: "5" }],
  ["undefined", undefined, { type: "undefined", message: "undefined" }],
  ["null", null, { type: "object", message: "null" }],
  ["a symbol", Symbol("a"), { type: "symbol", message: "Symbol(a)" }],
  ["an object", { a: 1 }, { type: "object", message: '{"a":1}' }],
  [
    "an object with secrets",
    { passwords: ["x"], auth: { a: "x" }, env: [{ name: "TOKEN", value: "x" }] },
    {
      type: "object",
      message: '{"passwords":"***","auth":"***","env":[{"name":"TOKEN","value":"***"}]}',
    },
  ],
  ["an object that has no JSON", { a: 1n }, { type: "object", message: '{"a":"1"}' }],
  ["a date", new Date(0), { type: "object", message: "1970-01-01T00:00:00.000Z" }],
  ["an object with a message", { name: "Odd", message: "no" }, { type: "Odd", message: "no" }],
  [
    "an object without text",
    { toJSON: () => undefined },
    { type: "object", message: "something that cannot be shown" },
  ],
])("%s is summarised", ([, error, summary]) => {
  expect(withoutStacks(summariseError(error))).toEqual(summary);
});

test("the stack is kept", () => {
  const error = new Error("no");

  expect(summariseError(error).stack).toBe(error.stack);
});

test("a chain that goes round ends", () => {
  const [a, b] = [new Error("a"), new Error("b")];
  a.cause = b;
  b.cause = a;
  const all = new AggregateError([], "all");
  all.errors.push(all, a);

  expect(withoutStacks(summariseError(all))).toEqual({
    type: "AggregateError",
    message: "all",
    errors: [{ type: "Error", message: "a", cause: { type: "Error", message: "b" } }],
  });
});

function depthOf(summary: ErrorSummary): number {
  return 1 + (summary.cause === undefined ? 0 : depthOf(summary.cause));
}

function countOf({ cause, errors = [] }: ErrorSummary): number {
  return [cause ?? [], errors].flat().reduce((sum, next) => sum + countOf(next), 1);
}

test("causes are followed eight deep", () => {
  const chain = Array.from({ length: 50 }).reduce<Error>(
    (cause) => new Error("a", { cause }),
    new Error("root"),
  );

  expect(depthOf(summariseError(chain))).toBe(8);
});

test("of many members eight are kept", () => {
  const many = new AggregateError(Array.from({ length: 50 }, () => new Error("a")));

  expect(summariseError(many).errors).toHaveLength(8);
});

test("errors that hold each other many times over are described 64 times at most", () => {
  const wide = Array.from({ length: 8 }).reduce<Error>(
    (inner) => new AggregateError(Array.from({ length: 8 }, () => inner)),
    new Error("root"),
  );

  expect(countOf(summariseError(wide))).toBe(64);
});

test("long text is cut", () => {
  const error = Object.assign(new Error("m".repeat(10_000)), { stack: "s".repeat(50_000) });

  const { message, stack } = summariseError(error);

  expect([message.length, stack?.length]).toEqual([4_000, 16_000]);
});

test.for<[what: string, error: unknown]>([
  [
    "getters that throw",
    Object.defineProperties(new Error("a"), {
      code: {
        get() {
          throw new Error("no");
        },
      },
      cause: {
        get() {
          throw new Error("no");
        },
      },
      errors: {
        get() {
          throw new Error("no");
        },
      },
    }),
  ],
  ["a proxy that was revoked", revoked()],
  ["errors that are a proxy that was revoked", { errors: revoked() }],
  [
    "a function whose text throws",
    Object.assign(() => 1, {
      toString: () => {
        throw new Error("no");
      },
    }),
  ],
  [
    "an object that holds itself",
    Object.assign(
      {},
      {
        get self() {
          return this;
        },
      },
    ),
  ],
])("%s do no harm", ([, error]) => {
  expect(typeof summariseError(error).message).toBe("string");
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

test("whatever is thrown has a summary, which is plain data", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }),
      (thrown) => {
        const summary = summariseError(thrown);

        expect(structuredClone(summary)).toEqual(summary);
      },
    ),
    { numRuns: 10_000 },
  );
});

test.for<[what: string, error: unknown, line: string]>([
  [
    "a chain",
    new Error("fetch failed", { cause: new Error("connect ECONNREFUSED") }),
    "fetch failed: connect ECONNREFUSED",
  ],
  [
    "the first of several",
    new Error("a", { cause: new AggregateError([new Error("b"), new Error("c")], "") }),
    "a: AggregateError: b",
  ],
  ["what a message says already", new Error("a: b", { cause: new Error("b") }), "a: b"],
  ["lines", new Error("a\n  b\tc"), "a b c"],
  ["a code in place of a message", Object.assign(new Error(""), { code: "EODD" }), "EODD"],
])("%s stands in one line", ([, error, line]) => {
  expect(errorLine(summariseError(error))).toBe(line);
});
