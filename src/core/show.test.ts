import fc from "fast-check";
import { expect, test } from "vitest";
import { clip, show } from "./show.ts";

class Lamp {}
class Account {}
class Upload {}
class User {}
class Unit {}
class EuropeanSite {}

test.for<[value: unknown, text: string]>([
  ["two", '"two"'],
  ['say "hi"\n', String.raw`"say \"hi\"\n"`],
  ["x".repeat(100), `"${"x".repeat(57)}…"`],
  ["\n".repeat(100), `"${String.raw`\n`.repeat(29)}…`],
  [10n ** 100n, `1${"0".repeat(58)}…`],
  [1.5, "1.5"],
  [NaN, "NaN"],
  [-0, "0"],
  [5n, "5n"],
  [true, "true"],
  [null, "null"],
  [undefined, "undefined"],
  [() => 1, "a function"],
  [Symbol("secret"), "a symbol"],
  [[1, 2], "an array"],
  [{ password: "secret" }, "an object"],
  [Object.create(null), "an object"],
  [{ constructor: "odd" }, "an object"],
  [{ constructor: undefined }, "an object"],
  [new Map(), "a Map"],
  [new Lamp(), "a Lamp"],
  [new Account(), "an Account"],
  [new Error("no"), "an Error"],
  [new Intl.NumberFormat(), "a NumberFormat"],
  [new Upload(), "an Upload"],
  [new User(), "a User"],
  [new Unit(), "a Unit"],
  [new EuropeanSite(), "a EuropeanSite"],
  [new Uint8Array(), "a Uint8Array"],
  [new (class {})(), "an object"],
])("%o is shown as %o", ([value, text]) => {
  expect(show(value)).toBe(text);
});

test("what cannot be looked at is an object", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const trap = {
    get constructor(): never {
      throw new Error("no");
    },
  };

  expect([show(proxy), show(trap)]).toEqual(["an object", "an object"]);
});

test.for<[text: string, longest: number, clipped: string]>([
  ["abc", 3, "abc"],
  ["abcd", 3, "ab…"],
  ["", 3, ""],
  ["a😀b", 3, "a…"],
  ["a😀bc", 4, "a😀…"],
])("%o cut to %d is %o", ([text, longest, clipped]) => {
  expect(clip(text, longest)).toBe(clipped);
});

test("whatever is shown is short, and showing never throws", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }),
      (value) => {
        expect(show(value).length).toBeLessThanOrEqual(60);
      },
    ),
    { numRuns: 10_000 },
  );
});
