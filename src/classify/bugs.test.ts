import { expect, test } from "vitest";
import { faultOf } from "./classify.ts";

test.for<[error: Error, code: string]>([
  [new TypeError("x is not a function"), "TYPE_ERROR"],
  [new ReferenceError("x is not defined"), "REFERENCE_ERROR"],
  [new RangeError("Invalid array length"), "RANGE_ERROR"],
  [new SyntaxError("Unexpected token"), "SYNTAX_ERROR"],
  [new EvalError("no"), "EVAL_ERROR"],
  [new URIError("URI malformed"), "URI_ERROR"],
  [new (class ShapeError extends TypeError {})("bad shape"), "TYPE_ERROR"],
  [Object.assign(new TypeError("bad"), { code: "ERR_INVALID_ARG_TYPE" }), "ERR_INVALID_ARG_TYPE"],
  [Object.assign(new Error("of another realm"), { name: "TypeError" }), "TYPE_ERROR"],
  [new DOMException("cannot be cloned", "DataCloneError"), "DATA_CLONE_ERROR"],
  [new Error("wrapped", { cause: new TypeError("x is undefined") }), "TYPE_ERROR"],
])("%s is a bug, and fatal", ([error, code]) => {
  expect(faultOf(error)).toEqual({ class: "fatal", code, effect: "unknown" });
});

test("a TypeError whose cause is a network error is that network error", () => {
  const cause = Object.assign(new Error("reset"), { code: "ECONNRESET" });

  expect(faultOf(new TypeError("fetch failed", { cause }))).toEqual({
    class: "transient",
    code: "ECONNRESET",
    effect: "unknown",
  });
});

test.for([
  "fetch failed",
  "terminated",
  "Failed to fetch",
  "network error",
  "NetworkError when attempting to fetch resource.",
  "Load failed",
  "Network request failed",
  "error sending request for url (http://127.0.0.1/)",
])("fetch saying no more than %o is transient", (message) => {
  expect(faultOf(new TypeError(message))).toEqual({
    class: "transient",
    code: "FETCH_FAILED",
    effect: "unknown",
  });
});

test("fetch with a cause that nobody knows is unknown", () => {
  const error = new TypeError("fetch failed", { cause: new Error("unknown scheme") });

  expect(faultOf(error)).toEqual({ class: "unknown", code: "FETCH_FAILED", effect: "unknown" });
});

test("a message of fetch on another kind of error means nothing", () => {
  expect(faultOf(new Error("terminated"))).toEqual({
    class: "unknown",
    code: "ERROR",
    effect: "unknown",
  });
});

test("causes in a circle end", () => {
  const error = new Error("first");
  error.cause = new Error("second", { cause: error });

  expect(faultOf(error)).toEqual({ class: "unknown", code: "ERROR", effect: "unknown" });
});
