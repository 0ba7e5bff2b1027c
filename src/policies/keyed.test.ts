import { expect, test } from "vitest";
import { keyed, OptionsError } from "../index.ts";

test("one is made for each key, and kept", () => {
  const made: string[] = [];
  const hosts = keyed((key) => {
    made.push(key);
    return { key };
  });

  const first = hosts.for("a");

  expect({ same: hosts.for("a") === first, other: hosts.for("b"), size: hosts.size, made }).toEqual(
    {
      same: true,
      other: { key: "b" },
      size: 2,
      made: ["a", "b"],
    },
  );
});

test("what was made may be undefined, and is made once all the same", () => {
  let count = 0;
  const hosts = keyed(() => {
    count++;
  });

  hosts.for("a");
  hosts.for("a");

  expect(count).toBe(1);
});

test("past the bound the one that was asked for longest ago goes", () => {
  const made: string[] = [];
  const hosts = keyed((key) => made.push(key), { max: 2 });

  for (const key of ["a", "b", "a", "c", "a", "b"]) hosts.for(key);

  expect({ made, size: hosts.size }).toEqual({ made: ["a", "b", "c", "b"], size: 2 });
});

test("a key that is asked for while it is made has the same one for all", () => {
  let count = 0;
  const inner: object[] = [];
  const hosts = keyed((key) => {
    if (++count === 1) inner.push(hosts.for(key));
    return { count };
  });

  const outer = hosts.for("a");

  expect([inner[0] === outer, hosts.for("a") === outer, hosts.size]).toEqual([true, true, 1]);
});

test("what cannot be made is not kept", () => {
  let isDown = true;
  const hosts = keyed(() => {
    if (isDown) throw new Error("no such host");
    return "made";
  });

  expect(() => hosts.for("a")).toThrow("no such host");
  isDown = false;

  expect([hosts.for("a"), hosts.size]).toEqual(["made", 1]);
});

test.for([
  ["no function", () => keyed("host" as never)],
  ["an unknown option", () => keyed(() => 1, { maximum: 3 } as never)],
  ["none at all", () => keyed(() => 1, { max: 0 })],
  ["an empty key", () => keyed(() => 1).for("")],
  ["no key", () => keyed(() => 1).for(undefined as never)],
] as const)("%s is refused", ([, mistake]) => {
  expect(mistake).toThrow(OptionsError);
});
