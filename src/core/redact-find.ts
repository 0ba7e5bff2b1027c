/** Where in plain data the first secret is, so that it can be refused by name. */

import { isRefusedByName, mapEntries, objectEntries, SHORTEST_SECRET } from "./secret-entries.ts";
import { MASK } from "./secret-literals.ts";
import type { NameKind } from "./secret-names.ts";

/** How secrets are told, besides by the names that they stand under. */
export interface Signs {
  /** Whether text, or what bytes say as text, holds a known secret. */
  readonly isKnownIn: (text: string) => boolean;
  /** Whether text holds something that looks like a secret. */
  readonly hasForm: (text: string) => boolean;
}

/** What the names above a value say; a mere identifier says nothing here. */
type Ground = Exclude<NameKind, "masked">;

interface Place {
  readonly value: unknown;
  readonly ground: Ground;
  /** The last part of its path, such as `.tokens` or `[0]`. */
  readonly step: string;
  readonly holder?: Place;
}

/**
 * The path of the first secret, `undefined` when there is none. All of the data is looked at,
 * however much there is, for what is left out here would be written.
 */
export function findSecretPath(input: unknown, signs: Signs): string | undefined {
  // What stands in two places is looked at again where its name says more.
  const seen: Record<Ground, Set<object>> = {
    chosen: new Set(),
    secret: new Set(),
    counted: new Set(),
    plain: new Set(),
  };
  const root: Place = { value: input, ground: "plain", step: "" };
  const open: Iterator<Place>[] = [[root].values()];
  for (let within = open.at(-1); within !== undefined; within = open.at(-1)) {
    const { done, value: place } = within.next();
    if (done === true) {
      open.pop();
      continue;
    }
    if (isSecret(place, signs)) return pathOf(place);
    const { value, ground } = place;
    if (typeof value !== "object" || value === null || seen[ground].has(value)) continue;
    seen[ground].add(value);
    open.push(placesIn(value, place));
  }
  return undefined;
}

function pathOf(place: Place): string {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.holder) steps.push(at.step);
  return steps.toReversed().join("").replace(/^\./, "");
}

function isSecret({ value, ground }: Place, { isKnownIn, hasForm }: Signs): boolean {
  if (typeof value === "string") {
    return isKnownIn(value) || hasForm(value) || isRefusedByName(value, ground);
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const digits = String(value);
    // No secret has a fraction.
    return isKnownIn(digits) || (/^\d+$/.test(digits) && isRefusedByName(digits, ground));
  }
  return isBytes(value) && areSecret(value, ground, isKnownIn);
}

type Bytes = ArrayBuffer | ArrayBufferView;

function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function areSecret(bytes: Bytes, ground: Ground, isKnownIn: Signs["isKnownIn"]): boolean {
  if ((ground === "secret" || ground === "chosen") && bytes.byteLength >= SHORTEST_SECRET)
    return true;
  // Whatever is around it, text in UTF-8 is read as itself.
  return isKnownIn(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes as ArrayBuffer));
}

function* placesIn(value: object, holder: Place): Generator<Place, undefined> {
  if (isBytes(value)) return;
  if (Array.isArray(value) || value instanceof Set) {
    let index = 0;
    for (const entry of value as Iterable<unknown>) {
      yield { value: entry, ground: holder.ground, step: `[${index}]`, holder };
      index++;
    }
    return;
  }
  const entries = value instanceof Map ? mapEntries(value) : objectEntries(value);
  for (const entry of entries) {
    const { key, kind } = entry;
    // A key can be a secret itself; then its path does not tell it.
    const keyStep = typeof entry.original === "object" ? key : MASK;
    yield { value: entry.original, ground: "plain", step: `.${keyStep}`, holder };
    const ground = kind === "plain" || kind === "masked" ? holder.ground : kind;
    yield { value: entry.value, ground, step: `.${key}`, holder };
  }
}
