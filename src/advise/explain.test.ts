import fc from "fast-check";
import { expect, test } from "vitest";
import { explainEnd, explainExitCode, explainText, type Explanation } from "./explain.ts";

function codesOf(found: readonly Explanation[]): string[] {
  return found.map(({ of, code = "-" }) => `${of}: ${code}`);
}

test("an exit code and its command say everything that is known", () => {
  expect(explainEnd({ argv: ["curl", "x"], exitCode: 7 })).toEqual([
    {
      of: "exit code 7 of curl x",
      code: "ECONNREFUSED",
      class: "degraded",
      effect: "none",
      symptom: 36,
      cause: "nobody listens there: the service is down, still starting, or elsewhere",
      byDefault:
        "retries after the backoff, within the policy's limits; counts in the breaker; exit code 75 when it stays, 80 when it was rolled back",
      advice: "start the service, or correct host and port; ss -ltnp shows who listens",
      remedy: "service",
    },
  ]);
});

test("a number alone is explained for all that use it, holdfast first", () => {
  expect([
    codesOf(explainExitCode(5)),
    codesOf(explainExitCode(75)),
    codesOf(explainExitCode(503)),
  ]).toEqual([
    [
      "exit code 5 of rsync: PROTOCOL_FAILED",
      "exit code 5 of curl: ENOTFOUND",
      "exit code 5 of wget: CERT_UNTRUSTED",
      "exit code 5 of sqlite3: SQLITE_BUSY",
    ],
    ["exit code 75 of holdfast: -", "exit code 75 of flock: LOCK_TAKEN"],
    ["HTTP status 503: HTTP_503"],
  ]);
});

const RECORD = JSON.stringify({
  message: "step failed",
  event: { action: "step.failed" },
  holdfast: { fault: { class: "degraded", code: "ENOSPC", effect: "partial" } },
});

test.for<[text: string, expected: string[]]>([
  ["ECONNREFUSED", ["the code ECONNREFUSED: ECONNREFUSED"]],
  [" HTTP_503\n", ["the code HTTP_503: HTTP_503"]],
  ["40P01", ["the code 40P01: SQLSTATE_40P01"]],
  ["SQLSTATE_40P01", ["the code SQLSTATE_40P01: SQLSTATE_40P01"]],
  ["REDIS_OOM", ["the code REDIS_OOM: REDIS_OOM"]],
  ["GRPC_ABORTED", ["the code GRPC_ABORTED: GRPC_ABORTED"]],
  ["LEASE_LOST", ["the code LEASE_LOST of holdfast: LEASE_LOST"]],
  ["could not translate host name", ["what it wrote: ENOTFOUND"]],
  ["psql: error: could not translate host name", ["what it wrote: ENOTFOUND"]],
  ["cp: No space left on device", ["what it wrote: ENOSPC"]],
  [RECORD, ["step.failed with ENOSPC: ENOSPC"]],
  [`${RECORD}\n{"message":"after it"}\n{"broken`, ["step.failed with ENOSPC: ENOSPC"]],
  ['{"holdfast":{"fault":{"code":"MY_OWN"}}}', ["a record of the log with MY_OWN: MY_OWN"]],
  [
    '{"fault":{"code":"ENOSPC","class":"degraded","effect":"partial"}}',
    ["a record of the log with ENOSPC: ENOSPC"],
  ],
  ['{"holdfast":{"fault":{"code":5}}}', []],
  [
    '{"holdfast":{"fault":{"code":"ENOSPC","class":"odd","effect":7}}}',
    ["a record of the log with ENOSPC: ENOSPC"],
  ],
  ['{"holdfast":null}', []],
  ["HTTP 503", ["the code HTTP_503: HTTP_503"]],
  ["SQLSTATE 40001", ["the code SQLSTATE_40001: SQLSTATE_40001"]],
  ["gRPC UNAVAILABLE", ["the code GRPC_UNAVAILABLE: GRPC_UNAVAILABLE"]],
  ["unavailable", ["the code GRPC_UNAVAILABLE: GRPC_UNAVAILABLE"]],
  ["econnrefused", ["the code ECONNREFUSED: ECONNREFUSED"]],
  ["sigterm", ["the code SIGTERM: SIGTERM"]],
  ["readonly", ["the code REDIS_READONLY: REDIS_READONLY"]],
  ["SQLITE_BUSY_SNAPSHOT", ["the code SQLITE_BUSY_SNAPSHOT: SQLITE_BUSY"]],
  ["kubectl: connection refused", ["what it wrote: ECONNREFUSED"]],
  ["\u001b[31mENOSPC\u001b[0m", ["what it wrote: ENOSPC"]],
  ["nobody knows this", []],
  ["", []],
  ["constructor", []],
])("%j", ([text, expected]) => {
  expect(codesOf(explainText(text))).toEqual(expected);
});

test("a record's own class has the last word", () => {
  const text = JSON.stringify({
    holdfast: { fault: { class: "fatal", code: "ENOSPC", effect: "none" } },
  });

  const [found] = explainText(text);

  expect([found?.class, found?.effect, found?.remedy, found?.byDefault]).toEqual([
    "fatal",
    "none",
    "disk-full",
    "no retry: what was done is undone; is ignored by the breaker; exit code 1 when it stays, 80 when it was rolled back",
  ]);
});

test("whatever it is given, it answers, and each answer says what was taken for what", () => {
  const words = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.json().map((fault) => `{"holdfast":{"fault":${fault}}}`),
    fc.object().map((fault) => JSON.stringify({ fault: { code: "ENOSPC", ...fault } })),
  );

  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 999 }), (text, exitCode) => {
      const found = [...explainText(text), ...explainExitCode(exitCode)];

      expect(found.filter(({ of }) => of === "")).toEqual([]);
    }),
  );
});

test("an exit code that its tool gives no meaning is not known", () => {
  expect(explainEnd({ argv: ["mytool"], exitCode: 41 })).toEqual([]);
});
