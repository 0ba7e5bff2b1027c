/** An error as plain data that can be journaled, logged and shown: its type, message, code, stack, causes. */

import { denialOf } from "./denial.ts";
import { adviceFor } from "./errors.ts";
import { plainCopy, type Masks } from "./redact-copy.ts";
import { clip } from "./show.ts";

/** What is kept of an error. Never the object itself. */
export interface ErrorSummary {
  /** The error's name; `"text"`, `"number"`, … when something other than an error was thrown. */
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: ErrorSummary | undefined;
  /** The members of an AggregateError, at most eight, or the two errors of a SuppressedError. */
  readonly errors?: readonly ErrorSummary[] | undefined;
}

const MAX_DEPTH = 8;
const MAX_MEMBERS = 8;
const MAX_MESSAGE = 4_000;
const MAX_STACK = 16_000;
const UNSHOWABLE = "something that cannot be shown";

/** How many are described in all: eight members at each of eight depths would be millions. */
const MAX_ERRORS = 64;

/** Describes whatever was thrown. Never throws, follows causes eight deep, and survives cycles. */
export function summariseError(error: unknown): ErrorSummary {
  return describe(error, [], { left: MAX_ERRORS });
}

function describe(error: unknown, above: readonly unknown[], room: { left: number }): ErrorSummary {
  room.left -= 1;
  if (typeof error !== "object" || error === null) {
    const type = typeof error === "string" ? "text" : typeof error;
    return { type, message: clip(safeText(error), MAX_MESSAGE) };
  }
  const chain = [...above, error];
  const code = read(error, "code");
  const stack = read(error, "stack");
  const describeNext = (next: unknown): ErrorSummary[] =>
    chain.length >= MAX_DEPTH || room.left <= 0 || chain.includes(next)
      ? []
      : [describe(next, chain, room)];
  const [cause] = causeOf(error).flatMap(describeNext);
  const errors = membersOf(error).flatMap(describeNext);
  return {
    type: textOf(read(error, "name")) ?? "object",
    message: clip(messageOf(error), MAX_MESSAGE),
    ...(typeof code === "string" || typeof code === "number" ? { code: String(code) } : {}),
    ...(typeof stack === "string" ? { stack: clip(stack, MAX_STACK) } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** Node's own message for a refused permission says neither for what nor how it is had here. */
function messageOf(error: object): string {
  const message = textOf(read(error, "message")) ?? safeText(error);
  const denial = read(error, "code") === "ERR_ACCESS_DENIED" ? denialOf(error) : undefined;
  const advice = denial === undefined ? "" : ` Here: ${adviceFor(denial)}`;
  // It may have come from another process, which has said so.
  return message.endsWith(advice) ? message : `${message}${advice}`;
}

function causeOf(error: object): unknown[] {
  const cause = read(error, "cause");
  return cause === undefined || cause === null ? [] : [cause];
}

function membersOf(error: object): unknown[] {
  // The one that came while the other was on its way out; the latter is what went wrong first.
  if (read(error, "name") === "SuppressedError") {
    return [read(error, "suppressed"), read(error, "error")];
  }
  try {
    const { errors } = error as { errors?: unknown };
    return Array.isArray(errors) ? (errors as unknown[]).slice(0, MAX_MEMBERS) : [];
  } catch {
    return [];
  }
}

/** A property, or `undefined` when reading it throws: errors can have getters too. */
function read(error: object, name: string): unknown {
  try {
    return (error as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function safeText(value: unknown): string {
  try {
    return typeof value === "object" ? objectText(value) : String(value as string);
  } catch {
    return UNSHOWABLE;
  }
}

/** Names tell secrets in data better than in its text; the rest is masked with the whole summary. */
const BY_NAME: Masks = {
  text: (input) => input,
  isSecret: () => false,
  summarise: summariseError,
};

function objectText(value: object | null): string {
  const plain = plainCopy(value, BY_NAME);
  // An object whose toJSON() answers nothing has no text.
  return typeof plain === "string" ? plain : (JSON.stringify(plain) ?? UNSHOWABLE);
}

/** The chain of an error in one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`. */
export function errorLine(error: ErrorSummary): string {
  const parts: string[] = [];
  for (
    let link: ErrorSummary | undefined = error;
    link !== undefined;
    link = link.cause ?? link.errors?.[0]
  ) {
    const text = link.message === "" ? (link.code ?? link.type) : link.message;
    if (!parts.some((part) => part.includes(text))) parts.push(text);
  }
  return parts.join(": ").replaceAll(/\s+/g, " ");
}
