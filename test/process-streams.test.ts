/** What a command reads and writes: real processes, for a pipe has its own ideas. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { runCommand, type CommandInput, type StreamName } from "holdfast/process";

const MEMORY_CHILD = join(import.meta.dirname, "process/memory-child.ts");

/** So many turns of the loop it takes for each chunk: slower than any command writes. */
const TURNS = 20;

/** Takes everything in, slowly, and knows how much had to wait at most. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  longestQueue = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.longestQueue = Math.max(this.longestQueue, this.writableLength);
    this.chunks.push(chunk);
    const wait = (turns: number): void => {
      if (turns === 0) done();
      else setImmediate(() => wait(turns - 1));
    };
    wait(TURNS);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

test("bytes go through as they are, whether or not they are text", async () => {
  const bytes = Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7) % 256));
  const sink = new Sink();

  const ended = await runCommand(["cat"], { input: bytes, stdout: sink });

  expect(sink.bytes.equals(bytes)).toBe(true);
  expect(ended).toMatchObject({ exitCode: 0, stdout: bytes.toString("utf8"), stdoutBytes: 4_096 });
});

test("each stream keeps its order, and the last line needs no newline", async () => {
  const script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf last";
  const lines: Record<StreamName, string[]> = { stdout: [], stderr: [] };
  const onLine = (line: string, stream: StreamName): void => void lines[stream].push(line);

  const { stdout, stderr } = await runCommand(["sh", "-c", script], { onLine });

  expect(stdout).toBe("out 1\nout 2\nout 3\nlast");
  expect(stderr).toBe("err 1\nerr 2\nerr 3\n");
  expect(lines).toEqual({
    stdout: ["out 1", "out 2", "out 3", "last"],
    stderr: ["err 1", "err 2", "err 3"],
  });
});

test("the end of it is kept, and all of it is counted", async () => {
  const { stdout, stdoutBytes } = await runCommand(["sh", "-c", "seq 100000; printf end"], {
    keep: 10,
  });

  expect({ stdout, stdoutBytes }).toEqual({
    stdout: "\n100000\nend".slice(-10),
    stdoutBytes: 588_898,
  });
});

test("a reader that is slow holds the command back, and gets everything", async () => {
  const sink = new Sink({ highWaterMark: 1_024 });

  const { stdoutBytes } = await runCommand(["head", "-c", "8000000", "/dev/zero"], {
    stdout: sink,
  });

  expect({ stdoutBytes, taken: sink.bytes.length }).toEqual({
    stdoutBytes: 8_000_000,
    taken: 8_000_000,
  });
  expect(sink.longestQueue).toBeLessThan(1_000_000);
});

test("what a command wrote before its end also reaches a reader that stands still meanwhile", async () => {
  let taken = 0;
  // A real wait, longer than a pipe is given to fall quiet after the end.
  const reader = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      if (taken === 0) setTimeout(done, 300);
      else done();
      taken += chunk.length;
    },
  });

  await runCommand(["head", "-c", "150000", "/dev/zero"], { stdout: reader });

  await expect.poll(() => taken).toBe(150_000);
});

test("a reader that goes away is told to the command as by a pipe, and to us", async () => {
  const reader = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error("gone"), { code: "EPIPE" })),
  });

  const { signal, outputError } = await runCommand(["yes"], { stdout: reader });

  expect({ signal, outputError }).toEqual({ signal: "SIGPIPE", outputError: "EPIPE" });
});

test("a stream that is written to is not ended, and nobody listens to it any more", async () => {
  const sink = new Sink();
  const names = ["error", "drain"];
  const before = names.map((name) => sink.listenerCount(name));

  await runCommand(["echo", "a"], { stdout: sink });
  await runCommand(["echo", "b"], { stdout: sink });
  // The sink takes its time, and the listeners go one turn after the end.
  do await new Promise((resolve) => setImmediate(resolve));
  while (sink.writableLength > 0);

  expect(names.map((name) => sink.listenerCount(name))).toEqual(before);
  expect([sink.writableEnded, sink.bytes.toString()]).toEqual([false, "a\nb\n"]);
});

async function* inPieces(): AsyncGenerator<string> {
  yield "one ";
  yield "é";
}

test.for<[string, () => CommandInput]>([
  ["text", () => "one é"],
  ["bytes", () => Buffer.from("one é")],
  ["a stream", () => Readable.from([Buffer.from("one "), Buffer.from("é")])],
  ["anything that gives chunks", inPieces],
])("input: %s", async ([, input]) => {
  expect(await runCommand(["cat"], { input: input() })).toMatchObject({ stdout: "one é" });
});

test("without an input stdin is empty", async () => {
  expect(await runCommand(["cat"])).toMatchObject({ exitCode: 0, stdout: "" });
});

test.for([
  ["ends at once", ["true"]],
  ["closes its stdin", ["sh", "-c", "exec <&-; sleep 0.05"]],
  ["reads only the beginning", ["head", "-c", "1"]],
] as const)("a command that %s does not mind an input that is too long", async ([, argv]) => {
  const input = Buffer.alloc(5_000_000, "x");

  expect(await runCommand(argv, { input })).toMatchObject({ exitCode: 0 });
});

test("an endless input is let go of when the command has ended", async () => {
  let isReleased = false;
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) yield "x".repeat(1_000);
    } finally {
      isReleased = true;
    }
  }

  await runCommand(["head", "-c", "1"], { input: endless() });

  await expect.poll(() => isReleased).toBe(true);
});

async function* broken(): AsyncGenerator<string> {
  yield "begun\n";
  throw new Error("the source is gone");
}

function destroyed(): Readable {
  const source = new Readable({ read: () => undefined });
  setImmediate(() => source.destroy());
  return source;
}

test.for<[string, () => CommandInput, string]>([
  ["fails", broken, "the source is gone"],
  ["is destroyed", destroyed, "The input of a command broke off before its end"],
])(
  "an input that %s ends the command, which would take it for the whole",
  async ([, input, why]) => {
    const lines: string[] = [];

    const ended = runCommand(["sh", "-c", "cat; echo saved"], {
      input: input(),
      onLine: (line) => lines.push(line),
      grace: "20s",
    });

    await expect(ended).rejects.toThrow(why);
    expect(lines).not.toContain("saved");
  },
);

test("a daemon that holds the output does not keep us", async () => {
  const { stdout } = await runCommand(["sh", "-c", "sleep 600 & echo $!; echo done"], {
    timeout: "10m",
  });
  const [pid, done] = stdout.split("\n");
  onTestFinished(() => void process.kill(Number(pid), "SIGKILL"));

  expect(done).toBe("done");
});

test("a daemon that goes on writing is not listened to for ever", async () => {
  const { exitCode } = await runCommand(["sh", "-c", "(while echo x; do :; done) 2> /dev/null &"]);

  expect(exitCode).toBe(0);
});

test("what is handed down is not kept, what is ignored goes nowhere", async () => {
  const options = { stdout: "ignore", stderr: "ignore" } as const;

  expect(await runCommand(["sh", "-c", "echo a; echo b >&2"], options)).toMatchObject({
    exitCode: 0,
    stdout: "",
    stderr: "",
    stdoutBytes: 0,
  });
});

/** The most memory that a process took which passed so many bytes on, in kB. */
async function memoryFor(bytes: number): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--conditions=holdfast:source", MEMORY_CHILD, "head", "-c", `${bytes}`, "/dev/zero"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let passed = 0;
  child.stdout.on("data", (chunk: Buffer) => (passed += chunk.length));
  const [said] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(passed).toBe(bytes);
  return Number(said);
}

test("a gigabyte goes through with the memory that a tenth of it needs", async () => {
  const little = await memoryFor(100_000_000);
  const much = await memoryFor(1_000_000_000);

  expect(much / little).toBeLessThan(2);
});
