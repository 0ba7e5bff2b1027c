import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fileSink, type FileCalls } from "./file-sink.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "holdfast-log-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The real calls, but each write takes at most `most` bytes, and those in `failures` fail. */
function limited(most: number, failures: readonly number[] = []): FileCalls {
  let calls = 0;
  const writeSync = (file: number, bytes: Buffer, offset: number): number => {
    if (failures.includes(++calls)) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    return fs.writeSync(file, bytes, offset, Math.min(most, bytes.length - offset));
  };
  return {
    openSync: fs.openSync,
    closeSync: fs.closeSync,
    writeSync: writeSync as typeof fs.writeSync,
  };
}

test("lines are appended to what is there, and are there when write returns", () => {
  const path = join(folder, "appended.log");
  fs.writeFileSync(path, "before\n");
  const sink = fileSink(path);

  sink.write("first €\n");
  sink.write("second\n");

  expect(fs.readFileSync(path, "utf8")).toBe("before\nfirst €\nsecond\n");
  sink.close();
});

test("a new file is readable by its owner alone", () => {
  const path = join(folder, "new.log");

  fileSink(path).close();

  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
});

test("a line that the system takes in pieces is written whole", () => {
  const path = join(folder, "pieces.log");
  const sink = fileSink(path, limited(3));

  sink.write("a line of ünïcode\n");

  expect(fs.readFileSync(path, "utf8")).toBe("a line of ünïcode\n");
  sink.close();
});

test("a line that was cut off does not swallow the next one", () => {
  const path = join(folder, "cut.log");
  const sink = fileSink(path, limited(4, [2]));

  expect(() => sink.write("cut off\n")).toThrow("full");
  sink.write("next\n");
  sink.write("last\n");

  expect(fs.readFileSync(path, "utf8")).toBe("cut \nnext\nlast\n");
  sink.close();
});

test("a line of which nothing was written leaves no trace", () => {
  const path = join(folder, "nothing.log");
  const sink = fileSink(path, limited(100, [1]));

  expect(() => sink.write("lost\n")).toThrow("full");
  sink.write("next\n");

  expect(fs.readFileSync(path, "utf8")).toBe("next\n");
  sink.close();
});

test("two processes' lines in one file do not overwrite each other", () => {
  const path = join(folder, "shared.log");
  const [one, other] = [fileSink(path), fileSink(path)];

  one.write("one\n");
  other.write("other\n");
  one.write("one again\n");

  expect(fs.readFileSync(path, "utf8")).toBe("one\nother\none again\n");
  one.close();
  other.close();
});

test.for<[path: string, reason: string]>([
  [join(folder, "missing", "x.log"), "ENOENT"],
  [folder, "EISDIR"],
])("a file that cannot be opened is refused at once: %s", ([path, reason]) => {
  expect(() => fileSink(path)).toThrow(`log file: "${path}" cannot be opened: ${reason}`);
});
