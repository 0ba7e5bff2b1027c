/** Is the result good? */

import { OptionsError, VerificationError } from "../core/errors.ts";
import { show } from "../core/show.ts";
import { isStandardSchema, schemaProblems, type StandardSchema } from "../core/standard-schema.ts";

/** How a value is judged: a predicate, a function that throws, or a Standard Schema. */
export type Verify = ((value: never) => unknown) | StandardSchema;

/**
 * Checks a value. Rejects with `VerificationError` when it is not good; what a verifying function
 * threw becomes its cause.
 */
export async function verifyValue(verify: Verify, value: unknown, what: string): Promise<void> {
  if (isStandardSchema(verify)) {
    const { issues } = await verify["~standard"].validate(value);
    if (issues !== undefined) throw new VerificationError(what, schemaProblems(issues));
    return;
  }
  const answer = await judge(verify, value, what);
  if (answer === false) throw new VerificationError(what, `it answered false for ${show(value)}`);
}

async function judge(
  verify: (value: never) => unknown,
  value: unknown,
  what: string,
): Promise<unknown> {
  try {
    return await verify(value as never);
  } catch (error) {
    const problem = error instanceof Error ? error.message : show(error);
    throw new VerificationError(what, problem, { cause: error });
  }
}

/** Reads an option that takes a Standard Schema. */
export function readSchema(value: unknown, path: string): StandardSchema | undefined {
  if (value === undefined || isStandardSchema(value)) return value;
  throw new OptionsError(
    path,
    `expected a Standard Schema (zod, valibot, arktype, …), received ${show(value)}`,
  );
}

/** Reads an option that takes a function or a Standard Schema. */
export function readVerify(value: unknown, path: string): Verify | undefined {
  if (value === undefined || isStandardSchema(value) || typeof value === "function") {
    return value as Verify | undefined;
  }
  throw new OptionsError(path, `expected a function or a Standard Schema, received ${show(value)}`);
}
