import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runKept } from "./kept-code.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast kept code "));
  path = join(folder, "code.cjs");
  writeCode(`
    exports.answer = () => { const answer = 42; return answer; };
    exports.place = [__filename, __dirname, require("node:path").sep];
    exports.imported = () => import("node:path");
    exports.neighbour = () => require("./neighbour.cjs");`);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeCode(body: string): void {
  writeFileSync(path, `(function (exports, require, module, __filename, __dirname) { ${body}\n})`);
}

const kept = () => readdirSync(folder).filter((name) => name.includes(".bytecode"));
const theKept = () => join(folder, kept()[0] ?? "none");

/** As a process that has called what it needs. */
function runWhole(sum = "first") {
  const code = runKept({ path, sum }, folder);
  const { answer } = code.exports as { answer: () => number };
  return { ...code, answer: answer() };
}

test("a file is run as Node runs a CommonJS module", async () => {
  writeFileSync(join(folder, "neighbour.cjs"), `exports.same = require("./code.cjs");`);
  const { exports, isKept } = runKept({ path, sum: "first" }, undefined);
  const { place, imported, neighbour } = exports as {
    place: readonly string[];
    imported: () => Promise<object>;
    neighbour: () => { readonly same: object };
  };

  expect({ place, isKept }).toEqual({ place: [path, folder, "/"], isKept: false });
  expect(await imported()).toHaveProperty("join");
  expect(neighbour().same, "what requires it gets this one").toBe(exports);
});

test("what was compiled by the end is taken by the next, and kept once", () => {
  const first = runWhole();
  first.keep();
  const { ino } = statSync(theKept());
  const second = runWhole();
  second.keep();

  expect([first, second].map(({ isKept, answer }) => ({ isKept, answer }))).toEqual([
    { isKept: false, answer: 42 },
    { isKept: true, answer: 42 },
  ]);
  expect({ kept: kept().length, ino: statSync(theKept()).ino }).toEqual({ kept: 1, ino });
});

test("a function that was called is kept with its bytecode", () => {
  writeCode(`exports.answer = () => { ${"Math.random();".repeat(1_000)} return 42; };`);
  runKept({ path, sum: "uncalled" }, folder).keep();
  const uncalled = statSync(theKept()).size;
  rmSync(theKept());
  runWhole().keep();

  expect(statSync(theKept()).size).toBeGreaterThan(uncalled + 1_000);
});

test("another content of the same length is not run with the bytecode of this one", () => {
  runWhole().keep();
  writeFileSync(path, readFileSync(path, "utf8").replace("42", "43"));

  const { isKept, answer } = runWhole("second");
  expect({ isKept, answer }).toEqual({ isKept: false, answer: 43 });
});

test.for<[string, (bytes: Buffer) => Buffer]>([
  ["torn", (bytes) => bytes.subarray(0, bytes.length - 100)],
  ["empty", () => Buffer.alloc(0)],
  ["full of zeros", (bytes) => Buffer.alloc(bytes.length)],
  ["turned over in one bit", flipped],
])("a file that is %s is not run, and made anew", ([, damage]) => {
  runWhole().keep();
  writeFileSync(theKept(), damage(readFileSync(theKept())));
  const damaged = runWhole();
  damaged.keep();

  expect([damaged.isKept, damaged.answer, runWhole().isKept]).toEqual([false, 42, true]);
});

function flipped(bytes: Buffer): Buffer {
  const place = bytes.length - 50;
  bytes.writeUInt8((bytes[place] ?? 0) ^ 1, place);
  return bytes;
}

test("under other flags it is kept apart", ({ onTestFinished }) => {
  const before = process.env["NODE_OPTIONS"];
  onTestFinished(() => {
    if (before === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = before;
  });
  runWhole().keep();
  process.env["NODE_OPTIONS"] = "--stack-size=900";
  const other = runWhole();
  other.keep();

  expect([other.isKept, kept().length]).toEqual([false, 2]);
});

test("where nothing can be written nothing is kept, and nothing is said", () => {
  const { exports, keep } = runKept({ path, sum: "first" }, join(folder, "missing"));
  keep();

  expect([Object.keys(exports).length, kept()]).toEqual([4, []]);
});

test("the newest four are kept", () => {
  for (const [index, sum] of ["a", "b", "c", "d", "e"].entries()) {
    runWhole(sum).keep();
    const name = kept().find((each) => each.startsWith(`${sum}-`)) ?? "";
    // The first one written is the newest: what counts is the time, and not the name.
    utimesSync(join(folder, name), 0, 2_000_000_000 - index);
  }
  runWhole("f").keep();

  expect(kept().map((name) => name.slice(0, 1))).toEqual(["a", "b", "c", "d"]);
});
