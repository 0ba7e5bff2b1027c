/** Cuts a stream of bytes into lines. */

/** A longer line is told in pieces of this many bytes. */
const LONGEST_LINE = 65_536;

const NEWLINE = 0x0a;

/** See the header. Lines are told without their newline, or carriage return and newline. */
export class LineSplitter {
  readonly #tell: (line: string) => void;
  #begun: Buffer = Buffer.alloc(0);

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Tells the lines that end in `chunk`. */
  push(chunk: Uint8Array): void {
    let rest = Buffer.concat([this.#begun, chunk]);
    for (let end = lineEnd(rest); end !== undefined; end = lineEnd(rest)) {
      const isLine = rest[end] === NEWLINE;
      this.#tell(textOf(rest.subarray(0, end)));
      rest = rest.subarray(isLine ? end + 1 : end);
    }
    // A copy, so that a few bytes do not hold on to a large buffer.
    this.#begun = Buffer.from(rest);
  }

  /** Tells what came after the last newline, if anything did. */
  end(): void {
    if (this.#begun.length > 0) this.#tell(textOf(this.#begun));
    this.#begun = Buffer.alloc(0);
  }
}

function lineEnd(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(NEWLINE);
  if (end !== -1 && end <= LONGEST_LINE) return end;
  return bytes.length > LONGEST_LINE ? LONGEST_LINE : undefined;
}

function textOf(line: Buffer): string {
  return line.toString("utf8").replace(/\r$/, "");
}
