import { expect, test } from "vitest";
import {
  adaptiveLimit,
  breaker,
  bulkhead,
  cache,
  chaos,
  coalesce,
  fallback,
  gate,
  hedge,
  intended,
  OptionsError,
  pipeline,
  rateLimit,
  retry,
  throttle,
  timeout,
  type Policy,
} from "../index.ts";

const cached = (): Policy => cache({ ttl: "1m" }).for("a");
const joined = (): Policy => coalesce().for("a");
const standIn = (): Policy<string> => fallback("nothing");
const trouble = (): Policy =>
  chaos({ rate: 0, faults: [{ class: "degraded", code: "DOWN", effect: "none" }] });

test.for<[outer: string, inner: string, policies: () => Policy<unknown>[], why: string]>([
  ["retry", "fallback", () => [retry(), standIn()], "sees the stand-in and never a failure"],
  ["hedge", "fallback", () => [hedge("1s"), standIn()], "sees the stand-in"],
  ["breaker", "fallback", () => [breaker("a"), standIn()], "sees the stand-in"],
  ["gate", "fallback", () => [gate(), standIn()], "sees the stand-in"],
  ["throttle", "fallback", () => [throttle(), standIn()], "sees the stand-in"],
  ["adaptiveLimit", "fallback", () => [adaptiveLimit(), standIn()], "sees the stand-in"],
  ["cache", "fallback", () => [cached(), standIn()], "keeps the stand-in"],
  ["breaker", "cache", () => [breaker("a"), cached()], "that the cache would answer"],
  ["bulkhead", "cache", () => [bulkhead(3), cached()], "that the cache would answer"],
  ["rateLimit", "cache", () => [rateLimit(3), cached()], "that the cache would answer"],
  ["throttle", "cache", () => [throttle(), cached()], "that the cache would answer"],
  ["adaptiveLimit", "cache", () => [adaptiveLimit(), cached()], "that the cache would answer"],
  ["gate", "cache", () => [gate(), cached()], "that the cache would answer"],
  ["hedge", "cache", () => [hedge("1s"), cached()], "joins the first"],
  ["hedge", "coalesce", () => [hedge("1s"), joined()], "joins the first"],
  ["gate", "retry", () => [gate(), retry()], "only when all attempts have failed"],
  ["hedge", "retry", () => [hedge("1s"), retry()], "multiplies the calls"],
  ["hedge", "hedge", () => [hedge("1s"), hedge("1s")], "multiplies the calls"],
  ["chaos", "retry", () => [trouble(), retry()], "does not try it"],
  ["chaos", "timeout", () => [trouble(), timeout("1s")], "does not try it"],
])("a %s outside of a %s is refused", ([outer, inner, policies, why]) => {
  expect(() => pipeline(...policies())).toThrow(OptionsError);
  expect(() => pipeline(...policies())).toThrow(`a ${outer} outside of a ${inner} `);
  expect(() => pipeline(...policies())).toThrow(why);
  expect(() => pipeline(...policies())).toThrow("intended(policy)");
});

test.for<[name: string, policies: () => Policy<unknown>[], message: string]>([
  [
    "a limit outside of a longer one",
    () => [timeout("2s"), retry(), timeout("3s")],
    "a limit of 2000 ms (timeout) outside of one of 3000 ms (timeout) is always over first",
  ],
  [
    "a limit outside of a longer total one",
    () => [timeout("2s"), retry({ total: "1m" })],
    "a limit of 2000 ms (timeout) outside of one of 60000 ms (retry) is always over first",
  ],
  [
    "a total limit outside of a longer one",
    () => [retry({ total: "1s" }), timeout("1m")],
    "a limit of 1000 ms (retry) outside of one of 60000 ms (timeout) is always over first",
  ],
  ["one policy twice", () => Array<Policy>(2).fill(retry()), "the same retry stands in it twice"],
  [
    "one breaker twice, which takes the place of its own probe",
    () => {
      const bank = breaker("bank");
      return [bank, retry(), pipeline(bank)];
    },
    "the same breaker stands in it twice",
  ],
  [
    "one bulkhead twice, which waits for itself",
    () => {
      const slots = bulkhead(3);
      return [slots, slots.at(1)];
    },
    "the same bulkhead stands in it twice",
  ],
  [
    "what pipelines inside are made of",
    () => [pipeline(breaker("a"), retry()), pipeline(timeout("2s"), standIn())],
    "a breaker outside of a fallback",
  ],
])("%s is refused", ([, policies, message]) => {
  expect(() => pipeline(...policies())).toThrow(message);
});

test.for<[name: string, policies: () => Policy<unknown>[]]>([
  [
    "all of them, as they belong",
    () => [
      standIn(),
      cached(),
      timeout("1m"),
      retry({ total: "1m" }),
      gate(),
      hedge("1s"),
      rateLimit(9),
      bulkhead(9),
      breaker("a"),
      timeout("9s"),
      trouble(),
    ],
  ],
  ["limits of one length", () => [timeout("2s"), timeout("2s")]],
  ["a limit outside of none", () => [timeout("2s"), timeout(Infinity), retry()]],
  ["two breakers", () => [breaker("host"), breaker("path")]],
  ["a policy of one's own", () => [{ name: "own", run: (work) => retry().run(work) }, standIn()]],
  ["what is intended", () => [retry(), intended(standIn())]],
  [
    "a limit that asks the work to end, outside of one that no longer waits for it",
    () => [timeout("2s", { mode: "cooperative" }), timeout("1m")],
  ],
  [
    "a limit that lets the work be, outside of one that ends it",
    () => [timeout("2s", { mode: "detaching" }), timeout("1m")],
  ],
  ["a longer limit that is intended", () => [timeout("2s"), intended(timeout("1m"))]],
])("%s are fine", ([, policies]) => {
  expect(pipeline(...policies()).name).toBe("pipeline");
});

test("a policy that is intended does what it does", async () => {
  const policy = pipeline(retry(), intended(standIn()));
  const down = (): Promise<string> =>
    Promise.reject(Object.assign(new Error("down"), { code: "ECONNREFUSED" }));

  expect([
    await policy.run(down),
    await intended(standIn()).run(down),
    intended(standIn()).name,
  ]).toEqual(["nothing", "nothing", "fallback"]);
});

test("only a policy can be intended", () => {
  expect(() => intended("retry" as never)).toThrow(OptionsError);
});
