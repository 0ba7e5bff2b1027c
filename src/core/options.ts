/**
 * Options are read once, strictly: unknown names throw, `undefined` means the default, `null` is an
 * error. Afterwards only settled, frozen values exist, and times are in milliseconds.
 */

import { DURATION_EXAMPLES, findMs } from "./duration.ts";
import { OptionsError } from "./errors.ts";
import { show } from "./show.ts";

/** Reads one option that stands at `path`. @throws {OptionsError} When it does not fit. */
export type Reader<Value> = (value: unknown, path: string) => Value;

/** What a table of readers gives. */
export type Settled<Readers extends Record<string, Reader<unknown>>> = {
  readonly [Name in keyof Readers]: ReturnType<Readers[Name]>;
};

/** Reads `input` with one reader per option. An unknown name throws: it is nearly always a typo. */
export function readOptions<Readers extends Record<string, Reader<unknown>>>(
  owner: string,
  input: unknown,
  readers: Readers,
): Settled<Readers> {
  if (!isPlain(input)) {
    throw new OptionsError(owner, `expected an object with options, received ${show(input)}`);
  }
  for (const name of Object.keys(input)) {
    if (!Object.hasOwn(readers, name)) {
      throw new OptionsError(
        `${owner}.${name}`,
        `unknown; known are ${Object.keys(readers).join(", ")}`,
      );
    }
  }
  // A plain loop, for each step of an automation reads some thirty options.
  const settled: Record<string, unknown> = {};
  for (const name of Object.keys(readers)) {
    // What is inherited is not given; nor is what is only found by name, as `constructor`.
    const value = Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined;
    settled[name] = readers[name]?.(value, `${owner}.${name}`);
  }
  return Object.freeze(settled) as Settled<Readers>;
}

/**
 * Whether it was written as `{ … }`, in whatever realm. A promise, a map or an object of a class has
 * its content elsewhere: read as options they would silently mean the defaults.
 */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  for (
    let link = Object.getPrototypeOf(value) as object | null;
    link !== null;
    link = Object.getPrototypeOf(link) as object | null
  ) {
    const isRoot = Object.getPrototypeOf(link) === null;
    if (!isRoot && Object.hasOwn(link, "constructor")) return false;
  }
  return true;
}

interface Default<Value> {
  readonly default: Value;
}

function refuse(path: string, expected: string, value: unknown): never {
  throw new OptionsError(path, `expected ${expected}, received ${show(value)}`);
}

/** A whole number within bounds. */
export function integer<Otherwise>(
  bounds: { min: number; max?: number; orInfinity?: boolean } & Default<Otherwise>,
): Reader<number | Otherwise> {
  const { min, max = Number.MAX_SAFE_INTEGER, orInfinity = false } = bounds;
  const upper = max === Number.MAX_SAFE_INTEGER ? "" : ` and <= ${max}`;
  const expected = `an integer >= ${min}${upper}${orInfinity ? ", or Infinity" : ""}`;
  return (value, path) => {
    if (value === undefined) return bounds.default;
    if (orInfinity && value === Infinity) return value;
    if (!Number.isSafeInteger(value)) refuse(path, expected, value);
    if ((value as number) < min || (value as number) > max) refuse(path, expected, value);
    return value as number;
  };
}

/** A number within bounds, both included. */
export function number<Otherwise>(
  bounds: { min: number; max: number } & Default<Otherwise>,
): Reader<number | Otherwise> {
  const { min, max } = bounds;
  return (value, path) => {
    if (value === undefined) return bounds.default;
    if (typeof value === "number" && value >= min && value <= max) return value;
    return refuse(path, `a number from ${min} to ${max}`, value);
  };
}

/** A duration, settled to milliseconds. `Infinity` only with `orInfinity`; zero only with `min: 0`. */
export function duration<Otherwise>(
  bounds: { min?: number; orInfinity?: boolean } & Default<Otherwise>,
): Reader<number | Otherwise> {
  const { min = 0, orInfinity = false } = bounds;
  const expected = `${DURATION_EXAMPLES}${min > 0 ? `, at least ${min} ms` : ""}${orInfinity ? ", or Infinity" : ""}`;
  return (value, path) => {
    if (value === undefined) return bounds.default;
    const ms = findMs(value);
    if (ms === undefined || ms < min || (ms === Infinity && !orInfinity))
      refuse(path, expected, value);
    return ms as number;
  };
}

/** A function. */
export function callable<Fn extends (...args: never[]) => unknown, Otherwise>(
  options: Default<Otherwise>,
): Reader<Fn | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    if (typeof value !== "function") refuse(path, "a function", value);
    return value as Fn;
  };
}

/** An object with the named methods: a part that is handed in, such as a clock. */
export function part<Part, Otherwise>(
  options: { methods: readonly (keyof Part & string)[] } & Default<Otherwise>,
): Reader<Part | Otherwise> {
  const names = options.methods.map((name) => `${name}()`).join(", ");
  return (value, path) => {
    if (value === undefined) return options.default;
    const isPart =
      typeof value === "object" &&
      value !== null &&
      options.methods.every(
        (name) => typeof (value as Record<string, unknown>)[name] === "function",
      );
    if (!isPart) refuse(path, `an object with ${names}`, value);
    return value as Part;
  };
}

/** True or false. */
export function flag<Otherwise>(options: Default<Otherwise>): Reader<boolean | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    if (typeof value !== "boolean") refuse(path, "true or false", value);
    return value as boolean;
  };
}

/** Text that is not empty. */
export function text<Otherwise>(options: Default<Otherwise>): Reader<string | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    if (typeof value !== "string" || value === "") refuse(path, "text that is not empty", value);
    return value as string;
  };
}

/** One of the listed words. */
export function oneOf<const Word extends string, Otherwise>(
  words: readonly Word[],
  options: Default<Otherwise>,
): Reader<Word | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    const found = words.find((word) => word === value);
    return found ?? refuse(path, words.map((word) => `"${word}"`).join(", "), value);
  };
}

/** A list whose members all fit `member`. */
export function list<Member, Otherwise>(
  member: Reader<Member>,
  options: Default<Otherwise>,
): Reader<readonly Member[] | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    if (!Array.isArray(value)) refuse(path, "an array", value);
    return Object.freeze(
      (value as unknown[]).map((entry, index) => member(entry, `${path}[${index}]`)),
    );
  };
}

/** An object whose values all fit `member`, whatever their names. */
export function record<Member, Otherwise>(
  member: Reader<Member>,
  options: Default<Otherwise>,
): Reader<Readonly<Record<string, Member>> | Otherwise> {
  return (value, path) => {
    if (value === undefined) return options.default;
    // Not only plain ones: the environment has a class of its own.
    if (Object.prototype.toString.call(value) !== "[object Object]")
      refuse(path, "an object", value);
    const entries = Object.entries(value as object);
    return Object.freeze(
      Object.fromEntries(entries.map(([name, entry]) => [name, member(entry, `${path}.${name}`)])),
    );
  };
}

/** An object with options of its own; all of them take their defaults when it is left out. */
export function group<Readers extends Record<string, Reader<unknown>>>(
  readers: Readers,
): Reader<Settled<Readers>> {
  return (value, path) => readOptions(path, value === undefined ? {} : value, readers);
}

/** Refuses `undefined`: for what has no safe default. */
export function required<Value>(
  reader: Reader<Value>,
  expected: string,
): Reader<Exclude<Value, undefined>> {
  return (value, path) => {
    if (value === undefined) refuse(path, expected, value);
    return reader(value, path) as Exclude<Value, undefined>;
  };
}
