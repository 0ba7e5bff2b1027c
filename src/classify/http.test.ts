import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../core/errors.ts";
import type { Effect, FaultClass } from "../core/fault.ts";
import { faultOf } from "./classify.ts";
import { expectOk, httpFault, HttpStatusError } from "./http.ts";
import { HTTP_STATUSES, statusFault } from "./http-status.ts";
import { findHttpDateMs, findRetryAfterMs } from "./retry-after.ts";

const EXPECTED: readonly [faultClass: FaultClass, effect: Effect, statuses: number[]][] = [
  ["fatal", "none", [400, 401, 403, 404, 405, 410, 422]],
  [
    "fatal",
    "none",
    [402, 406, 407, 411, 412, 413, 414, 415, 416, 418, 421, 424, 426, 428, 431, 451],
  ],
  ["fatal", "none", [501, 505, 508, 511, 525, 526]],
  ["fatal", "none", [100, 204, 301, 302, 304]],
  ["timeout", "unknown", [408, 504]],
  ["transient", "none", [409, 423, 425, 429]],
  ["degraded", "unknown", [500, 502, 503, 507, 520, 522, 524, 506, 510, 527, 529, 530, 599]],
  ["degraded", "none", [521, 523]],
];

const ROWS = EXPECTED.flatMap(([faultClass, effect, statuses]) =>
  statuses.map((status) => ({ status, faultClass, effect })),
);

test.for(ROWS)("status $status is $faultClass with effect $effect", (row) => {
  const { status, faultClass, effect } = row;

  expect(statusFault(status)).toEqual({ class: faultClass, code: `HTTP_${status}`, effect });
});

test("every row of the table is expected above", () => {
  const expected = new Set(ROWS.map(({ status }) => status));

  expect(Object.keys(HTTP_STATUSES).filter((status) => !expected.has(Number(status)))).toEqual([]);
});

test("a 503 that names a time to come back had no effect; a 500 that does may have had one", () => {
  expect([statusFault(503, 2_000), statusFault(500, 2_000)]).toEqual([
    { class: "degraded", code: "HTTP_503", effect: "none", retryAfterMs: 2_000 },
    { class: "degraded", code: "HTTP_500", effect: "unknown", retryAfterMs: 2_000 },
  ]);
});

test("a 413 that names a time to come back is too large only for now", () => {
  expect([statusFault(413, 2_000), statusFault(414, 2_000)]).toEqual([
    { class: "transient", code: "HTTP_413", effect: "none", retryAfterMs: 2_000 },
    { class: "fatal", code: "HTTP_414", effect: "none", retryAfterMs: 2_000 },
  ]);
});

test.for<[failure: object]>([
  [{ status: 429 }],
  [{ statusCode: 429 }],
  [{ response: { status: 429 } }],
  [{ response: { statusCode: 429 } }],
  [Object.assign(new Error("x"), { code: "ERR_BAD_REQUEST", response: { status: 429 } })],
  [new Response(null, { status: 429 })],
])("a status is found in %o", ([failure]) => {
  expect(faultOf(failure)).toEqual({ class: "transient", code: "HTTP_429", effect: "none" });
});

test.for([400, 599])("status %i is a failure", (status) => {
  expect(httpFault({ status })?.code).toBe(`HTTP_${status}`);
});

test.for<[failure: unknown]>([
  [{ status: 399 }],
  [{ status: 600 }],
  [{ status: 429.5 }],
  [{ status: "429" }],
  [{ response: null }],
  [429],
  [undefined],
])("no status is found in %o", ([failure]) => {
  expect(httpFault(failure)).toBe(undefined);
});

test.for<[failure: object, retryAfterMs: number | undefined]>([
  [{ status: 429, headers: { "retry-after": "7" } }, 7_000],
  [{ status: 429, headers: { "Retry-After": "7" } }, 7_000],
  [{ status: 429, headers: { "RETRY-AFTER": ["7", "8"] } }, 7_000],
  [{ status: 429, headers: { "retry-after": 7 } }, 7_000],
  [{ status: 429, headers: new Headers({ "Retry-After": "7" }) }, 7_000],
  [{ response: { status: 429, headers: new Headers({ "Retry-After": "7" }) } }, 7_000],
  [{ status: 429, response: { headers: { "retry-after": "7" } } }, 7_000],
  [{ status: 429, headers: { "x-retry-after": "7" } }, undefined],
  [{ status: 429, headers: { "retry-after": "soon" } }, undefined],
  [{ status: 429, headers: "retry-after: 7" }, undefined],
  [
    {
      status: 429,
      headers: {
        get: () => {
          throw new Error("no");
        },
      },
    },
    undefined,
  ],
])("the wait in %o is %s ms", ([failure, retryAfterMs]) => {
  expect(httpFault(failure)?.retryAfterMs).toBe(retryAfterMs);
});

const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const DATE_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

test("a date is counted from the answer's own Date header", () => {
  const headers = { date: DATE, "retry-after": "Sun, 06 Nov 1994 08:50:07 GMT" };

  expect(httpFault({ status: 503, headers })?.retryAfterMs).toBe(30_000);
});

test("without a Date header a date is counted from the clock that is handed in", () => {
  const clock = { now: () => DATE_MS - 1_500 };

  expect(httpFault({ status: 503, headers: { "retry-after": DATE } }, { clock })).toEqual({
    class: "degraded",
    code: "HTTP_503",
    effect: "none",
    retryAfterMs: 1_500,
  });
});

test.for([DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])(
  "%s is read as a date in GMT",
  (text) => {
    expect(findHttpDateMs(text)).toBe(DATE_MS);
  },
);

test.for([
  "Sun, 06 Nov 1994 08:49:37 +0200",
  "Sun, 06 Nov 1994 08:49:37 EST",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 8:49 GMT",
  "Sunday, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994 GMT",
  "Sun Nov 6 08:49:37 1994",
  `on ${DATE}`,
  `${DATE}, or later`,
])("%s is none of the three forms, and no date", (text) => {
  expect(findHttpDateMs(text)).toBe(undefined);
});

test.for<[header: string, waitMs: number | undefined]>([
  ["0", 0],
  [" 120 ", 120_000],
  ["1.5", 1_500],
  ["-1", undefined],
  ["", undefined],
  ["1e3", undefined],
  ["1994-11-06", undefined],
  ["Sun, 99 Nov 1994 08:49:37 GMT", undefined],
  [DATE, 0],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
])("Retry-After %o is a wait of %s ms", ([header, waitMs]) => {
  expect(findRetryAfterMs(header, DATE_MS + 1)).toBe(waitMs);
});

test("whatever Retry-After says, a wait is a finite number and not negative", () => {
  const header = fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String));
  fc.assert(
    fc.property(header, fc.nat(), (text, nowMs) => {
      const waitMs = findRetryAfterMs(text, nowMs) ?? 0;

      expect(Number.isFinite(waitMs) && waitMs >= 0).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test.for([200, 204, 299])("a response with status %i is given back", (status) => {
  const response = { status };

  expect(expectOk(response)).toBe(response);
});

test("a failed response is thrown with what the server said", () => {
  const failed = {
    status: 503,
    statusText: "Service Unavailable",
    url: "https://user:pass@api.example/v1/items?token=abc#part",
    headers: new Headers({ "Retry-After": "2" }),
  };

  const error = thrownBy(() => expectOk(failed));

  expect(error).toBeInstanceOf(HttpStatusError);
  expect({
    own: Object.entries(error),
    name: error.name,
    message: error.message,
    ours: isHoldfastError(error),
  }).toEqual({
    name: "HttpStatusError",
    message: "HTTP 503 Service Unavailable from https://api.example/v1/items",
    ours: true,
    own: [
      ["code", "HTTP_503"],
      ["status", 503],
      ["retryAfterMs", 2_000],
    ],
  });
  expect(faultOf(error)).toEqual({
    class: "degraded",
    code: "HTTP_503",
    effect: "none",
    retryAfterMs: 2_000,
  });
});

test.for([
  [{ status: 404 }, "HTTP 404"],
  [{ status: 404, url: "/items?token=abc" }, "HTTP 404 from /items"],
  [{ status: 302, statusText: "Found" }, "HTTP 302 Found"],
  [{ status: 300 }, "HTTP 300"],
  [{ status: 199 }, "HTTP 199"],
] as const)("the message of %o is %o", ([response, message]) => {
  const error = thrownBy(() => expectOk(response));

  expect([error.message, faultOf(error)]).toEqual([
    message,
    { class: "fatal", code: `HTTP_${response.status}`, effect: "none" },
  ]);
});

test("the clock reaches the fault of a thrown error", () => {
  const clock = { now: () => DATE_MS - 5_000 };
  const response = { status: 429, headers: { "retry-after": DATE } };

  const error = thrownBy(() => expectOk(response, { clock }));

  expect(faultOf(error)).toMatchObject({ code: "HTTP_429", retryAfterMs: 5_000 });
});

test("the body of a failed response is cancelled, and what that throws does not matter", async () => {
  const cancelled: string[] = [];
  const bodies = [
    { cancel: () => void cancelled.push("done") },
    { cancel: () => Promise.reject(new Error("locked")) },
    {
      cancel: () => {
        throw new Error("no");
      },
    },
    { cancel: 7 },
    null,
  ];

  const errors = bodies.map((body) => thrownBy(() => expectOk({ status: 500, body })));

  expect([errors.map(({ code }) => code), cancelled]).toEqual([
    Array(5).fill("HTTP_500"),
    ["done"],
  ]);
  await Promise.resolve();
});

test("the name of the error stands on its prototype alone, and can be changed there", () => {
  expect(Object.getOwnPropertyDescriptor(HttpStatusError.prototype, "name")).toEqual({
    value: "HttpStatusError",
    configurable: true,
    enumerable: false,
    writable: false,
  });
});

function thrownBy(call: () => unknown): HttpStatusError {
  try {
    call();
  } catch (error) {
    return error as HttpStatusError;
  }
  throw new Error("nothing was thrown");
}
