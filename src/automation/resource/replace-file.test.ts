import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { faultOf } from "../../classify/classify.ts";
import type { FileContent } from "./file-content.ts";
import { putInPlace, replaceFile, writeAll } from "./replace-file.ts";

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "holdfast-replace-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const sum = (text: string) => createHash("sha256").update(text).digest("hex");

async function* chunks() {
  yield "hol";
  yield Buffer.from("dfast");
}

async function* broken(code: string) {
  yield "half of it";
  throw Object.assign(new Error(code), { code });
}

test.for<[what: string, content: () => FileContent]>([
  ["text", () => "holdfast"],
  ["bytes", () => new TextEncoder().encode("holdfast")],
  ["an async iterable of both", chunks],
  ["a stream of Node's", () => Readable.from(chunks())],
  ["a web stream", () => new Response("holdfast").body ?? expect.unreachable()],
])("a file is made of %s", async ([, content]) => {
  const path = join(directory(), "a.txt");

  const written = await replaceFile(path, content());

  expect(written).toEqual({ path, bytes: 8, sha256: sum("holdfast") });
  expect(readFileSync(path, "utf8")).toBe("holdfast");
});

test("nothing else is in the directory afterwards", async () => {
  const place = directory();

  await replaceFile(join(place, "a"), "1");
  await replaceFile(join(place, "a"), "2");

  expect(readdirSync(place)).toEqual(["a"]);
});

test.for<[what: string, before: number | undefined, mode: number | undefined, after: number]>([
  ["those that are asked for, whatever the umask", undefined, 0o666, 0o666],
  ["those of the file that it replaces", 0o604, undefined, 0o604],
  ["those that are asked for, over a file's", 0o604, 0o640, 0o640],
  ["the usual ones", undefined, undefined, 0o666 & ~process.umask()],
])("its permissions are %s", async ([, before, mode, after]) => {
  const path = join(directory(), "a");
  if (before !== undefined) {
    writeFileSync(path, "old");
    chmodSync(path, before);
  }

  await replaceFile(path, "new", { mode });

  expect((statSync(path).mode & 0o7777).toString(8)).toBe(after.toString(8));
});

test.for<[what: string, make: (path: string) => void, problem: string]>([
  ["a directory", (path) => mkdirSync(path), "is a directory"],
  ["a link", (path) => symlinkSync("elsewhere", path), "is a symbolic link"],
])("%s is refused, and stays", async ([, make, problem]) => {
  const place = directory();
  const path = join(place, "a");
  make(path);

  const error: unknown = await replaceFile(path, "new").catch((caught: unknown) => caught);

  expect({ message: String(error), fault: faultOf(error) }).toEqual({
    message: `FileRefusedError: ${path} ${problem}, and is left as it is`,
    fault: { class: "fatal", code: "FILE_REFUSED", effect: "none" },
  });
  expect(readdirSync(place)).toEqual(["a"]);
});

test("a disk that is full in the middle leaves the old file, and nothing half-written", async () => {
  const place = directory();
  const path = join(place, "a");
  writeFileSync(path, "old");

  const error: unknown = await replaceFile(path, broken("ENOSPC")).catch(
    (caught: unknown) => caught,
  );

  expect(faultOf(error)).toEqual({ class: "degraded", code: "ENOSPC", effect: "partial" });
  expect([readdirSync(place), readFileSync(path, "utf8")]).toEqual([["a"], "old"]);
});

test("an abort ends a stream that gives nothing more, and nothing is replaced", async () => {
  const place = directory();
  const stop = new AbortController();
  const endless = new ReadableStream<string>({
    start: (controller) => controller.enqueue("half"),
    pull: () => {
      stop.abort(new Error("stop"));
      return new Promise(() => {});
    },
  });

  await expect(replaceFile(join(place, "a"), endless, { signal: stop.signal })).rejects.toThrow(
    "stop",
  );

  expect(readdirSync(place)).toEqual([]);
});

test("what is aborted when all was written is not renamed", async () => {
  const place = directory();
  const places = { partial: join(place, "a.partial"), path: join(place, "a") };
  writeFileSync(places.partial, "new");
  const { ino: inode } = statSync(places.partial, { bigint: true });
  const signal = AbortSignal.abort(new Error("stop"));

  await expect(putInPlace(places, { inode, signal })).rejects.toThrow("stop");

  expect(readdirSync(place)).toEqual([]);
});

test("what is aborted before it begins is not read", async () => {
  const place = directory();
  const signal = AbortSignal.abort(new Error("stop"));

  await expect(replaceFile(join(place, "a"), "new", { signal })).rejects.toThrow("stop");

  expect(readdirSync(place)).toEqual([]);
});

test.for<[what: string, content: unknown, message: string]>([
  ["a number", 7, "must be text, bytes, or a stream of them"],
  ["a stream of numbers", Readable.from([7]), "must give text or bytes"],
])("%s is no content", async ([, content, message]) => {
  const place = directory();

  await expect(replaceFile(join(place, "a"), content as FileContent)).rejects.toThrow(message);

  expect(readdirSync(place)).toEqual([]);
});

test("two that replace a file at the same moment do not mix", async () => {
  const path = join(directory(), "a");
  const texts = ["a", "b"].map((letter) => letter.repeat(100_000));

  await Promise.all(texts.map((text) => replaceFile(path, Readable.from([text]))));

  expect(texts).toContain(readFileSync(path, "utf8"));
});

test("an option that is none is refused", async () => {
  await expect(replaceFile("a", "", { modus: 1 } as object)).rejects.toThrow(
    "replaceFile.modus: unknown; known are mode, signal",
  );
});

test("however short the writes are, all is written once and in order", async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 200 }),
    fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
    async (data, lengths) => {
      const written: number[] = [];
      const sink = {
        write: async (bytes: Uint8Array, offset: number, length: number) => {
          const bytesWritten = Math.min(length, lengths.next().value as number);
          written.push(...bytes.subarray(offset, offset + bytesWritten));
          return { bytesWritten };
        },
      };

      await writeAll(sink, data);

      expect(written).toEqual([...data]);
    },
  );
  await expect(fc.assert(property, { numRuns: 1_000 })).resolves.toBeUndefined();
});

test("a write of nothing is an error, not a loop", async () => {
  const sink = { write: async () => ({ bytesWritten: 0 }) };

  await expect(writeAll(sink, new Uint8Array(1))).rejects.toThrow("takes no more bytes");
});

test("a name may be as long as the file system takes, in any script", async () => {
  const path = join(directory(), "日".repeat(84));

  await replaceFile(path, "x");

  expect(readFileSync(path, "utf8")).toBe("x");
});

/** Writes half of a file, says so, and writes the rest when it is told to. */
const HALVES = `
const { parentPort, workerData } = require("node:worker_threads");
const told = new Promise((resolve) => parentPort.once("message", resolve));
import(workerData.module).then(({ replaceFile }) => {
  async function* content() {
    yield workerData.text;
    parentPort.postMessage("half");
    await told;
    yield workerData.text;
  }
  return replaceFile(workerData.path, content());
}).then(() => parentPort.postMessage("whole"), ({ message }) => parentPort.postMessage(message));
`;

test("two that know nothing of each other do not write to one partial file", async () => {
  const path = join(directory(), "a");
  const module = new URL("replace-file.ts", import.meta.url).href;
  const [one, other] = ["one ", "other "].map(
    (text) => new Worker(HALVES, { eval: true, workerData: { module, path, text } }),
  ) as [Worker, Worker];
  const begun = await Promise.all([once(one, "message"), once(other, "message")]);
  expect(begun).toEqual([["half"], ["half"]]);

  const said: unknown[] = [];
  for (const worker of [one, other]) {
    worker.postMessage("go on");
    said.push(...(await once(worker, "message")), readFileSync(path, "utf8"));
  }

  expect(said).toEqual(["whole", "one one ", "whole", "other other "]);
});
