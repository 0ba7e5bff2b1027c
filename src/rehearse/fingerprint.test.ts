/** On real files: names, modes and links are what a disk says they are. */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fingerprint, rewrite } from "./fingerprint.ts";

const RUN = "01jda8k3v0x6q6w2m4t9z5c7rb";
const KEY = `${RUN}-write-it-0123456789abcdef`;

function world() {
  const place = mkdtempSync(join(tmpdir(), "fingerprint-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const look = (ignore: readonly string[] = []) =>
    fingerprint({ roots: [{ path: join(place, "work"), name: "." }], ignore, runId: RUN, place });
  mkdirSync(join(place, "work"));
  chmodSync(join(place, "work"), 0o755);
  return { place, work: join(place, "work"), look };
}

test("files, directories and links are told with mode and owner", async () => {
  const { work, look } = world();
  mkdirSync(join(work, "sub"), { mode: 0o700 });
  writeFileSync(join(work, "sub", "b"), "abc", { mode: 0o640 });
  symlinkSync("nowhere", join(work, "link"));

  const facts = await look();

  const owner = `${process.getuid?.()}:${process.getgid?.()}`;
  expect(facts).toEqual({
    ".": { kind: "directory", mode: "0755", owner },
    "./link": { kind: "link", owner, content: "nowhere" },
    "./sub": { kind: "directory", mode: "0700", owner },
    "./sub/b": {
      kind: "file",
      mode: "0640",
      owner,
      bytes: 3,
      // Source: the SHA-256 of "abc", FIPS 180-2, appendix B.1.
      content: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    },
  });
});

test("two worlds that differ by their place and their keys look alike", async () => {
  const [one, other] = [world(), world()];
  const again = KEY.replace("0123456789abcdef", "fedcba9876543210");
  writeFileSync(join(one.work, KEY), `${one.place} ${KEY} ${RUN}`);
  writeFileSync(join(other.work, again), `${other.place} ${again} ${RUN}`);

  const facts = await one.look();

  expect(await other.look()).toEqual(facts);
  expect(Object.keys(facts)).toEqual([".", "./KEY-write-it"]);
});

test("files of two keys of one step are two", async () => {
  const { work, look } = world();
  writeFileSync(join(work, KEY), "");
  writeFileSync(join(work, KEY.replace("0123456789abcdef", "fedcba9876543210")), "");

  expect(Object.keys(await look())).toEqual([".", "./KEY-write-it", "./KEY-write-it (2)"]);
});

test("what is ignored is not looked at, nor what is below it", async () => {
  const { work, look } = world();
  mkdirSync(join(work, "store"));
  writeFileSync(join(work, "store", "a"), "");
  writeFileSync(join(work, "b.log"), "");
  writeFileSync(join(work, "c"), "");

  expect(Object.keys(await look(["store", "*.log"]))).toEqual([".", "./c"]);
});

test("nothing is there where there is no root", async () => {
  const { work, look } = world();
  rmSync(work, { recursive: true });

  expect(await look()).toEqual({});
});

test("a world that is too large is refused, and it is said what to do", async () => {
  const { work, look } = world();
  writeFileSync(join(work, "sparse"), "");
  truncateSync(join(work, "sparse"), 513 * 1024 * 1024);

  await expect(look()).rejects.toThrow(
    "There are more than 512 MB to look at; watch less, or leave something out by rehearsal.ignore",
  );
});

test("a large file is summed as it is", async () => {
  const { work, look } = world();
  writeFileSync(join(work, "large"), Buffer.alloc(5 * 1024 * 1024));

  const { bytes, content } = (await look())["./large"] ?? expect.unreachable();

  expect({ bytes, content }).toEqual({
    bytes: 5_242_880,
    content: "c036cbb7553a909f8b8877d4461924307f27ecb66cff928eeeafd569c3887e29",
  });
});

test.for([
  [`a ${KEY} b`, "a KEY-write-it b"],
  [`${RUN}-0123456789abcdef`, "KEY"],
  [`${RUN}/x`, "RUN/x"],
  ["/tmp/place/x", "WORLD/x"],
  ["nothing", "nothing"],
])("%s reads %s", ([text = "", read]) => {
  expect(rewrite(text, { place: "/tmp/place", runId: RUN })).toBe(read);
});
