import { expect, test } from "vitest";
import { faultOf } from "./classify.ts";

class ReplyError extends Error {
  override name = "ReplyError";
}
class SimpleError extends Error {}

test.for<[message: string, expected: string]>([
  ["READONLY You can't write against a read only replica.", "degraded none REDIS_READONLY"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "degraded none REDIS_OOM"],
  ["LOADING Redis is loading the dataset in memory", "transient none REDIS_LOADING"],
  ["BUSY Redis is busy running a script.", "transient none REDIS_BUSY"],
  ["MASTERDOWN Link with MASTER is down", "transient none REDIS_MASTERDOWN"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "transient none REDIS_TRYAGAIN"],
  ["CLUSTERDOWN The cluster is down", "transient none REDIS_CLUSTERDOWN"],
  ["NOAUTH Authentication required.", "fatal none REDIS_NOAUTH"],
  ["WRONGPASS invalid username-password pair", "fatal none REDIS_WRONGPASS"],
  ["MOVED 3999 127.0.0.1:6381", "unknown unknown REPLY_ERROR"],
  ["ERR unknown command 'foo'", "unknown unknown REPLY_ERROR"],
])("%s", ([message, expected]) => {
  const { class: name, effect, code } = faultOf(new ReplyError(message));

  expect(`${name} ${effect} ${code}`).toBe(expected);
});

test("node-redis is known by the class of its errors, and no other error by its words", () => {
  const codes = [new SimpleError("LOADING x"), new Error("LOADING x")].map(
    (error) => faultOf(error).code,
  );

  expect(codes).toEqual(["REDIS_LOADING", "ERROR"]);
});
