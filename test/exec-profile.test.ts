/** Profiles of `holdfast exec`: found, read strictly, and outvoted by flags. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdfast, place } from "./cli-process.ts";

const CONFIG = `export default {
  profiles: {
    nightly: { attempts: 3, backoff: "fixed:1ms", tag: ["a", "b"], fatalOn: "9", quietOnSuccess: true },
    other: { name: "other" },
  },
};
`;

test("a profile's flags hold where the command line says nothing", async () => {
  const at = place();
  at.file("holdfast.config.ts", CONFIG);
  const line = "echo ran >> ledger; exit 5";

  const plain = await holdfast(at, ["exec", "--profile", "nightly", "--", "sh", "-c", line]);
  const did = at.did().length;
  const words = ["exec", "--profile", "nightly", "--attempts", "1", "--", "sh", "-c", line];
  await holdfast(at, words);

  expect([plain.exitCode, did, at.did().length - did]).toEqual([5, 3, 1]);
});

test("it is found upward from the working directory, else in the user's own configuration", async () => {
  const at = place();
  at.file("a/holdfast.config.ts", CONFIG);
  at.file(
    "config/holdfast/holdfast.config.ts",
    `export default { profiles: { own: { name: "own" } } };`,
  );
  const below = join(at.root, "a/b/c");
  mkdirSync(below, { recursive: true });
  const env = { XDG_CONFIG_HOME: join(at.root, "config") };
  const print = async (cwd: string, profile: string) =>
    (await holdfast({ ...at, root: cwd }, ["exec", "--profile", profile, "--print-profile"], env))
      .stdout;

  expect([
    JSON.parse(await print(below, "other")),
    JSON.parse(await print(at.root, "own")),
  ]).toEqual([{ name: "other" }, { name: "own" }]);
});

test("--print-profile shows what flags and profile come to, without secrets", async () => {
  const at = place();
  at.file("holdfast.config.ts", CONFIG);
  const words = ["exec", "--profile", "nightly", "--env", "API_TOKEN=hunter2hunter2", "--tag", "c"];

  const { stdout } = await holdfast(at, [...words, "--print-profile"]);

  expect(stdout).not.toContain("hunter2");
  expect(JSON.parse(stdout)).toEqual({
    attempts: 3,
    backoff: "fixed:1ms",
    tag: ["c"],
    fatalOn: "9",
    quietOnSuccess: true,
    env: expect.any(Array),
  });
});

test.for([
  ["there is no file", undefined, "there is none in"],
  ["there is no such profile", CONFIG.replace("nightly", "nightlyy"), "Did you mean nightlyy?"],
  [
    "a flag is unknown",
    CONFIG.replace("attempts", "atempts"),
    "config.profiles.nightly.atempts: unknown; did you mean attempts?",
  ],
  [
    "a flag is out of range",
    CONFIG.replace("3", "0"),
    "config.profiles.nightly.attempts: expected",
  ],
  [
    "another profile is wrong",
    CONFIG.replace('name: "other"', "nome: 1"),
    "config.profiles.other.nome",
  ],
  [
    "a remedy is told what it does not know",
    CONFIG.replace('name: "other"', 'heal: "disk-full keep=3"'),
    "config.profiles.other.heal: disk-full: clear=GLOB is missing",
  ],
  [
    "a flag is written as in the command line",
    CONFIG.replace("attempts", '"attempt-timeout"'),
    "config.profiles.nightly.attempt-timeout: unknown; did you mean attemptTimeout?",
  ],
  [
    "it refers to itself",
    "const one = { tag: [] }; one.tag.push(one); export default { profiles: { nightly: one } };",
    "config.profiles.nightly.tag[0]: expected text",
  ],
  ["it exports something else", "export default 3;", "expected an object"],
  ["it cannot be loaded", "export default {", "it cannot be loaded"],
  ["it never ends loading", "await new Promise(() => {});", "it did not end within 10 s"],
] as const)("when %s, nothing is run, and it says so with 78", async ([, config, says]) => {
  const at = place();
  if (config !== undefined) at.file("holdfast.config.ts", config);
  const words = ["exec", "--profile", "nightly", "--", "sh", "-c", "echo ran >> ledger"];

  const { exitCode, stderr } = await holdfast(at, words);

  expect({ exitCode, did: at.did() }).toEqual({ exitCode: 78, did: [] });
  expect(stderr).toContain(says);
});

test.for([
  ["while it is loaded", "process.exit(0);"],
  ["while the command runs", "setTimeout(() => process.exit(0), 300);"],
] as const)("a file that ends the process %s is no success", async ([, line]) => {
  const at = place();
  at.file("holdfast.config.ts", `${line} ${CONFIG}`);

  const words = ["exec", "--profile", "nightly", "--", "sleep", "20"];
  const { exitCode, stderr } = await holdfast(at, words);

  expect(exitCode).toBe(125);
  expect(stderr).toContain("the process was ended before the command was");
});
