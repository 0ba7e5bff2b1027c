import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { HeldOutput, type Room } from "./held-output.ts";

/** Two streams that write down what comes to which, in one order. */
function listening(room?: Room) {
  const heard: string[] = [];
  const target = (name: string) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        heard.push(`${name}:${chunk.toString("latin1")}`);
        done();
      },
    });
  const held = new HeldOutput({ stdout: target("out"), stderr: target("err") }, room);
  const write = (name: "stdout" | "stderr", text: string) =>
    new Promise<void>((resolve) => {
      held[name].write(Buffer.from(text, "latin1"), () => resolve());
    });
  return { heard, held, write };
}

test.for([
  ["in memory", undefined],
  ["in a file", { memory: 0, total: 1_000 }],
  ["in both", { memory: 3, total: 1_000 }],
] as const)("what is held %s comes in the order in which it came", async ([, room]) => {
  const { heard, held, write } = listening(room);
  await write("stdout", "a");
  await write("stdout", "b");
  await write("stderr", "\u00ff\u0000");
  await write("stdout", "c");

  const before = [...heard];
  await held.release();

  expect({ before, heard }).toEqual({ before: [], heard: ["out:ab", "err:\u00ff\u0000", "out:c"] });
});

test("what was dropped is not handed on, nor handed on twice", async () => {
  const { heard, held, write } = listening();
  await write("stdout", "first");
  held.drop();
  await write("stdout", "second");
  await held.release();
  await held.release();

  expect(heard).toEqual(["out:second"]);
});

test("beyond its room it counts only", async () => {
  const { heard, held, write } = listening({ memory: 2, total: 4 });
  await write("stdout", "abc");
  await write("stderr", "def");
  await write("stderr", "g");
  await held.release();

  expect(heard).toEqual([
    "out:abc",
    "err:d",
    "err:holdfast: 3 B more of the output were not kept\n",
  ]);
});

test("more than a block is handed on whole", async () => {
  const { heard, held, write } = listening({ memory: 0, total: 1_000_000 });
  await write("stdout", "x".repeat(150_000));
  await held.release();

  expect(heard.map((part) => part.length - "out:".length)).toEqual([65_536, 65_536, 18_928]);
});
