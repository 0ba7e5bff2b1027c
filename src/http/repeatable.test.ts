import { expect, test } from "vitest";
import { IDEMPOTENT_METHODS, isReadOnce, isRepeatable, mayGoAgain } from "./repeatable.ts";

const KEY = new Headers({ "Idempotency-Key": "8e03978e" });
const NONE = new Headers();

test.for<[method: string, headers: Headers, isGone: boolean, expected: boolean]>([
  ...["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"].map(
    (method) => [method, NONE, false, true] as [string, Headers, boolean, boolean],
  ),
  ["POST", NONE, false, false],
  ["PATCH", NONE, false, false],
  ["CONNECT", NONE, false, false],
  ["POST", KEY, false, true],
  ["POST", KEY, true, false],
  ["PUT", NONE, true, false],
])("%s with %o, its body gone: %s, is repeatable: %s", ([method, headers, isGone, expected]) => {
  const request = { method, headers, isReadOnce: isGone };

  expect(isRepeatable(request, IDEMPOTENT_METHODS)).toBe(expected);
});

test("the methods are those that are given", () => {
  const isOne = (method: string): boolean =>
    isRepeatable({ method, headers: NONE, isReadOnce: false }, ["POST"]);

  expect([isOne("POST"), isOne("GET")]).toEqual([true, false]);
});

test.for([
  ["none", false, true],
  ["none", true, false],
  ["partial", false, false],
  ["unknown", false, false],
] as const)("after effect %s, its body gone: %s, any may go again: %s", (row) => {
  const [effect, isGone, expected] = row;
  const request = { method: "POST", headers: NONE, isReadOnce: isGone };

  expect(mayGoAgain(request, { class: "transient", code: "X", effect })).toBe(expected);
});

test.for<[what: string, body: unknown, expected: boolean]>([
  ["nothing", undefined, false],
  ["null", null, false],
  ["text", "a", false],
  ["no text", "", false],
  ["bytes", new Uint8Array(1), false],
  ["a view", new DataView(new ArrayBuffer(1)), false],
  ["a buffer", new ArrayBuffer(1), false],
  ["a blob", new Blob(["a"]), false],
  ["a form", new FormData(), false],
  ["parameters", new URLSearchParams("a=b"), false],
  ["a stream", new ReadableStream(), true],
  ["a generator", (async function* (): AsyncGenerator<string> {})(), true],
  ["something unknown", { toString: () => "a" }, true],
])("a body that is %s is read once only: %s", ([, body, expected]) => {
  expect(isReadOnce(body)).toBe(expected);
});
