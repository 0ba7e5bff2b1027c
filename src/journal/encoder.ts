/**
 * Writes one value as text, piece by piece, so that neither a huge value nor a huge graph is built
 * in memory before it is refused. What the text looks like is told in `codec.ts`.
 */

import { types } from "node:util";
import { ValueError } from "../core/errors.ts";
import { clip, show } from "../core/show.ts";
import { formatBytes } from "../core/size.ts";

/** The key of an object that stands for what JSON cannot say. */
export const TAG = "$holdfast";

/** Deeper values are nearly always an object graph by mistake, and recursion must have an end. */
const MAX_DEPTH = 100;

const LONGEST_PATH = 200;

/** Prototype, proof that it is not merely borrowed, and how the content is written. */
type Kind = readonly [
  prototype: object | null,
  isReal: (value: object) => boolean,
  write: (encoder: Encoder, value: never) => void,
];

const KINDS: readonly Kind[] = [
  [Object.prototype, () => true, (encoder, value: object) => encoder.plainObject(value)],
  [Array.prototype, Array.isArray, (encoder, value: unknown[]) => encoder.list(value)],
  [null, () => true, (encoder, value: object) => encoder.bareObject(value)],
  [Date.prototype, types.isDate, (encoder, value: Date) => encoder.date(value)],
  [Map.prototype, types.isMap, (encoder, value: Map<unknown, unknown>) => encoder.map(value)],
  [Set.prototype, types.isSet, (encoder, value: Set<unknown>) => encoder.set(value)],
  [
    Buffer.prototype,
    types.isUint8Array,
    (encoder, value: Buffer) => encoder.bytes("buffer", value),
  ],
  [
    Uint8Array.prototype,
    types.isUint8Array,
    (encoder, value: Uint8Array) => encoder.bytes("bytes", value),
  ],
  [
    ArrayBuffer.prototype,
    types.isArrayBuffer,
    (encoder, value: ArrayBuffer) => {
      encoder.requireBare(value);
      encoder.bytes("arraybuffer", new Uint8Array(value));
    },
  ],
];

/** One is made per value. */
export class Encoder {
  readonly #what: string;
  readonly #maxBytes: number;
  readonly #pieces: string[] = [];
  /** The containers around the place that is being written, the outermost first. */
  readonly #around: object[] = [];
  readonly #path: string[] = [];
  #bytes = 0;

  constructor(what: string, maxBytes: number) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  text(): string {
    return this.#pieces.join("");
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#put(String(value));
      case "bigint":
        return this.#put(`{"${TAG}":["bigint","${value}"]}`);
      case "undefined":
        return this.#put(`{"${TAG}":["undefined"]}`);
      case "object":
        return value === null ? this.#put("null") : this.#object(value);
      case "function":
      case "symbol":
        return this.#refuse(show(value));
    }
  }

  plainObject(value: object): void {
    if (Object.hasOwn(value, TAG)) this.#tagged("object", () => this.#properties(value, "pairs"));
    else this.#properties(value, "object");
  }

  bareObject(value: object): void {
    this.#tagged("bare", () => this.#properties(value, "pairs"));
  }

  list(value: readonly unknown[]): void {
    this.#put("[");
    for (let index = 0; index < value.length; index++) {
      if (index > 0) this.#put(",");
      this.#at(`[${index}]`, () => {
        if (!Object.hasOwn(value, index)) this.#refuse("a hole");
        this.write(this.#read(value, String(index)));
      });
    }
    this.#put("]");
    // Its own keys are the indices, "length", and what does not belong to a list.
    const extra = Reflect.ownKeys(value)[value.length + 1];
    if (extra !== undefined) this.#refuse(`an array with the property ${show(extra)}`);
  }

  date(value: Date): void {
    this.requireBare(value);
    // An invalid date is NaN, which JSON writes as null.
    this.#put(`{"${TAG}":["date",${JSON.stringify(value.getTime())}]}`);
  }

  map(value: ReadonlyMap<unknown, unknown>): void {
    this.requireBare(value);
    const entries = [...value];
    this.#tagged("map", () =>
      this.#items(entries, ([key, member], index) => {
        this.#put("[");
        this.#at(`.keys()[${index}]`, () => this.write(key));
        this.#put(",");
        this.#at(`.values()[${index}]`, () => this.write(member));
        this.#put("]");
      }),
    );
  }

  set(value: ReadonlySet<unknown>): void {
    this.requireBare(value);
    this.#tagged("set", () =>
      this.#items([...value], (member, index) =>
        this.#at(`.values()[${index}]`, () => this.write(member)),
      ),
    );
  }

  bytes(kind: string, value: Uint8Array): void {
    this.#requireRoom(value.byteLength);
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
    this.#put(`{"${TAG}":["${kind}","${base64}"]}`);
  }

  /** Refuses properties that someone hung on a `Date`, `Map`, …: they would be lost. */
  requireBare(value: object): void {
    const [extra] = Reflect.ownKeys(value);
    if (extra !== undefined) this.#refuse(`${show(value)} with the property ${show(extra)}`);
  }

  #string(value: string): void {
    // Before it is copied: it may be half a gigabyte.
    this.#requireRoom(value.length);
    this.#put(JSON.stringify(value));
  }

  #number(value: number): void {
    const isPlain = Number.isFinite(value) && !Object.is(value, -0);
    const text = Object.is(value, -0) ? "-0" : String(value);
    this.#put(isPlain ? text : `{"${TAG}":["number","${text}"]}`);
  }

  #object(value: object): void {
    if (this.#around.includes(value)) this.#refuse("an object that contains itself");
    if (this.#around.length >= MAX_DEPTH) this.#fail(`it is nested more than ${MAX_DEPTH} deep`);
    const prototype: unknown = Object.getPrototypeOf(value);
    const kind = KINDS.find(([known, isReal]) => known === prototype && isReal(value));
    if (kind === undefined) this.#refuse(show(value));
    this.#around.push(value);
    kind[2](this, value as never);
    this.#around.pop();
  }

  #properties(value: object, form: "object" | "pairs"): void {
    const [open, between, close] = form === "object" ? ["", ":", ""] : ["[", ",", "]"];
    this.#put(form === "object" ? "{" : "[");
    for (const [index, key] of Reflect.ownKeys(value).entries()) {
      if (typeof key === "symbol") return this.#refuse("an object with a symbol for a key");
      this.#requireRoom(key.length);
      this.#put(`${index > 0 ? "," : ""}${open}${JSON.stringify(key)}${between}`);
      this.#at(pathOf(key), () => this.write(this.#read(value, key)));
      this.#put(close);
    }
    this.#put(form === "object" ? "}" : "]");
  }

  /** The property without running any code of the user's. */
  #read(value: object, key: string): unknown {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !("value" in property)) this.#refuse("an accessor");
    if (property.enumerable !== true) this.#refuse("a hidden property");
    return property.value;
  }

  #items<Item>(items: readonly Item[], write: (item: Item, index: number) => void): void {
    this.#put("[");
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#put(",");
      write(item, index);
    }
    this.#put("]");
  }

  #tagged(kind: string, content: () => void): void {
    this.#put(`{"${TAG}":["${kind}",`);
    content();
    this.#put("]}");
  }

  #at(place: string, write: () => void): void {
    this.#path.push(place);
    write();
    this.#path.pop();
  }

  #put(piece: string): void {
    this.#bytes += Buffer.byteLength(piece);
    this.#requireRoom(0);
    this.#pieces.push(piece);
  }

  #requireRoom(bytes: number): void {
    if (this.#bytes + bytes <= this.#maxBytes) return;
    this.#fail(
      `it takes more than ${formatBytes(this.#maxBytes)}; keep the data in a file or an object store, and return its name`,
    );
  }

  #refuse(found: string): never {
    const path = clip(this.#path.join("").replace(/^\./, ""), LONGEST_PATH);
    return this.#fail(path === "" ? `it is ${found}` : `at "${path}" stands ${found}`);
  }

  #fail(problem: string): never {
    throw new ValueError(this.#what, problem);
  }
}

function pathOf(key: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${show(key)}]`;
}
