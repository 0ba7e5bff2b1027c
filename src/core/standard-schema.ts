/**
 * The part of the Standard Schema interface (version 1, standardschema.dev) that is called here, so
 * that zod, valibot, arktype and others can be handed in without being a dependency.
 */

import { clip } from "./show.ts";

/** A schema of any library that follows the standard. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema answers: the value that it made, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Whether `value` is such a schema; some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const isHolder = (typeof value === "object" && value !== null) || typeof value === "function";
  return isHolder && "~standard" in value;
}

/** What is wrong, in one line: `age: expected a number; name: is missing`. */
export function schemaProblems(issues: readonly SchemaIssue[]): string {
  const lines = issues.map(({ message, path = [] }) => {
    const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  return clip(lines.join("; "), 1_000);
}
