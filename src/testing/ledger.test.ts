import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Ledger } from "./ledger.ts";

function tempFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "ledger-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "ledger.jsonl");
}

const PUT = { atMs: 1, method: "PUT", name: "a", key: "k" } as const;
const GET = { atMs: 2, method: "GET", name: "a", fault: "reset" } as const;

test("a request is one entry, applied once its effect has landed", () => {
  const ledger = new Ledger(tempFile());

  const number = ledger.arrived(PUT);
  ledger.arrived(GET);
  const before = ledger.read();
  ledger.landed(number, { bytes: 3, sha256: "5e" });

  expect({ before, after: ledger.read(), count: ledger.count }).toEqual({
    before: [
      { number: 1, ...PUT, applied: false },
      { number: 2, ...GET, applied: false },
    ],
    after: [
      { number: 1, ...PUT, applied: true, bytes: 3, sha256: "5e" },
      { number: 2, ...GET, applied: false },
    ],
    count: 2,
  });
});

test("it goes on after a restart, and a line that was cut off by a kill is dropped", () => {
  const path = tempFile();
  const first = new Ledger(path);
  first.landed(first.arrived(PUT), { bytes: 3, sha256: "5e" });
  first.close();
  appendFileSync(path, '{"number":2,"at');

  const second = new Ledger(path);
  second.arrived(GET);

  expect(second.read()).toEqual([
    { number: 1, ...PUT, applied: true, bytes: 3, sha256: "5e" },
    { number: 2, ...GET, applied: false },
  ]);
});
