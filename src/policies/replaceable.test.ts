import { expect, test } from "vitest";
import {
  constant,
  fallback,
  intended,
  OptionsError,
  partsOf,
  pipeline,
  replaceable,
  retry,
  timeout,
  type Policy,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";

const down = (): Error => Object.assign(new Error("down"), { code: "ECONNREFUSED" });
const kindsOf = (policy: Policy<unknown>): string =>
  partsOf(policy)
    .map(({ kind }) => kind)
    .join();

/** A policy that puts its mark around what the work answers. */
const marked = (mark: string): Policy => ({
  name: mark,
  run: async (work, given) => `${mark}(${String(await pipeline().run(work, given))})` as never,
});

test("calls under way end under the old policy, new ones begin under the new", async () => {
  const current = replaceable(marked("old"));
  const release = Promise.withResolvers<string>();

  const underWay = current.run(() => release.promise);
  current.replace(marked("new"));
  const begun = current.run(() => "b");
  release.resolve("a");

  expect(await Promise.all([underWay, begun])).toEqual(["old(a)", "new(b)"]);
});

test("a retry that is under way keeps its options when it is replaced", async () => {
  const clock = new VirtualClock();
  const current = replaceable(retry({ attempts: 3, backoff: constant("1s"), clock }));

  const attempts = await clock.settle(() =>
    current.run(({ attempt }) => {
      current.replace(retry({ attempts: 1, clock }));
      if (attempt < 3) throw down();
      return attempt;
    }),
  );

  expect([attempts, clock.elapsed()]).toEqual([3, 2_000]);
});

test("the next attempt of a retry outside begins under the new policy", async () => {
  const clock = new VirtualClock();
  const current = replaceable(marked("old"));
  const guarded = pipeline(retry({ backoff: constant("1s"), clock }), current);

  const value = await clock.settle(() =>
    guarded.run(({ attempt }) => {
      current.replace(marked("new"));
      if (attempt === 1) throw down();
      return "done";
    }),
  );

  expect(value).toBe("new(done)");
});

test("it stands in any number of pipelines, around what is inside of each", async () => {
  const current = replaceable(pipeline(marked("a"), marked("b")));
  const [one, two] = [pipeline(current, marked("1")), pipeline(marked("2"), current)];
  const answers = (): Promise<unknown> =>
    Promise.all([one, two, current].map((policy) => policy.run(() => "work")));

  const before = await answers();
  const again = await answers();
  current.replace(pipeline());

  expect([before, again, await answers()]).toEqual([
    ["a(b(1(work)))", "2(a(b(work)))", "a(b(work))"],
    ["a(b(1(work)))", "2(a(b(work)))", "a(b(work))"],
    ["1(work)", "2(work)", "work"],
  ]);
});

test("it tells what is in it now, by name and by parts, in pipelines too", () => {
  const first = timeout("1s", { name: "first" });
  const second = retry({ name: "second" });
  const current = replaceable(first);
  const outer = pipeline(pipeline(current), timeout("1s"));
  const seenNow = () => [current.name, current.current, kindsOf(current), kindsOf(outer)];

  const before = seenNow();
  current.replace(second);

  expect([before, seenNow()]).toEqual([
    ["first", first, "timeout", "timeout,timeout"],
    ["second", second, "retry", "retry,timeout"],
  ]);
});

test("a pipeline looks at what is in it when it is made", () => {
  const current = replaceable<string>(fallback("nothing"));

  expect(() => pipeline(retry(), current)).toThrow("a retry outside of a fallback");
  expect(kindsOf(pipeline(retry(), intended(current)))).toBe("retry,fallback");
});

test("what is handed in is looked at by itself", () => {
  const inner = replaceable<string>(timeout("1s"));
  const wrong = pipeline(retry(), inner);
  const current = replaceable<string>(retry());
  inner.replace(fallback("nothing"));

  expect(() => current.replace(wrong)).toThrow("a retry outside of a fallback");
  expect(kindsOf(current)).toBe("retry");
});

test.for<[what: string, around: (own: Policy) => Policy]>([
  ["itself", (own) => own],
  ["a pipeline", (own) => pipeline(timeout("1s"), own)],
  ["what is intended", (own) => intended(own)],
  ["another one", (own) => replaceable(own)],
])("it does not go into itself by way of %s", ([, around]) => {
  const current = replaceable(timeout("1s"));

  expect(() => current.replace(around(current))).toThrow(
    "replaceable.replace: expected a policy without this one inside",
  );
  expect(kindsOf(current)).toBe("timeout");
});

test("once it was looked at it can still be replaced", () => {
  const current = replaceable(timeout("1s"));
  kindsOf(current);

  current.replace(retry());

  expect(kindsOf(current)).toBe("retry");
});

test("an abort ends a call in it at once", async () => {
  const caller = new AbortController();
  const running = replaceable(retry()).run(() => new Promise(() => {}), caller);

  caller.abort("stop");

  await expect(running).rejects.toBe("stop");
});

test.for<[message: string, make: () => unknown]>([
  ["replaceable.policy: expected a policy", () => replaceable(undefined as never)],
  [
    "replaceable.replace: expected an object with run()",
    () => replaceable(retry()).replace({} as never),
  ],
])("refuses with %s", ([message, make]) => {
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(message);
});
