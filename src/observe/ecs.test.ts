import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventOf, ROWS, SERVICE } from "./every-event.contract.ts";
import { toRecord } from "./record.ts";

interface Field {
  readonly name: string;
  readonly type: string;
  readonly normalization: string;
  readonly isRequired: boolean;
  readonly isTopLevel: boolean;
}

const { fields: FIELDS } = JSON.parse(
  readFileSync(new URL("ecs-fields.json", import.meta.url), "utf8"),
) as { fields: readonly Field[] };

const IS_OF_TYPE: Readonly<Record<string, (value: unknown) => boolean>> = {
  date: (value) => typeof value === "string" && new Date(value).toISOString() === value,
  long: Number.isSafeInteger,
  keyword: (value) => typeof value === "string" && value !== "",
  match_only_text: (value) => typeof value === "string",
  wildcard: (value) => typeof value === "string",
};

/** The values that the schema allows: github.com/elastic/ecs, schemas/event.yml. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "event.kind": [
    "alert",
    "asset",
    "enrichment",
    "event",
    "metric",
    "state",
    "pipeline_error",
    "signal",
  ],
  "event.outcome": ["failure", "success", "unknown"],
  "event.category": ["process"],
  // Those that the schema expects for the category "process".
  "event.type": ["access", "change", "end", "info", "start"],
};

/** All values of a record by their full name, `holdfast` left out. */
function valuesOf(record: object, prefix = ""): [name: string, value: unknown][] {
  return Object.entries(record).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (name === "holdfast") return [];
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested ? valuesOf(value, `${name}.`) : [[name, value]];
  });
}

test.for(ROWS.map((row) => [row[4], row] as const))("ECS takes the record of: %s", ([, row]) => {
  const record = toRecord(eventOf(row), SERVICE);

  const wrong = valuesOf(record).filter(([name, value]) => {
    const field = FIELDS.find((known) => known.name === name);
    if (field === undefined || Array.isArray(value) !== (field.normalization === "array"))
      return true;
    const values = [value].flat();
    const isAllowed = (each: unknown) => ALLOWED[name]?.includes(each as string) ?? true;
    return !values.every((each) => IS_OF_TYPE[field.type]?.(each) && isAllowed(each));
  });
  const keys = Object.keys(record);
  const missing = FIELDS.filter(
    ({ name, isRequired, isTopLevel }) => (isRequired || isTopLevel) && !keys.includes(name),
  );
  expect({ wrong, missing, first: keys.slice(0, 4) }).toEqual({
    wrong: [],
    missing: [],
    first: ["@timestamp", "log.level", "message", "ecs.version"],
  });
});

test("a field of holdfast has one type in all records, and no name with a dot", () => {
  const types = new Map<string, Set<string>>();
  for (const row of ROWS) {
    const { data: _, ...fields } = toRecord(eventOf(row), SERVICE).holdfast;
    for (const [name, value] of valuesOf(fields)) {
      const type = Array.isArray(value) ? "list" : typeof value;
      types.set(name, (types.get(name) ?? new Set()).add(type));
    }
  }

  expect([...types].filter(([, kinds]) => kinds.size > 1)).toEqual([]);
});
