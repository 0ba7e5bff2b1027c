/** What may go into the journal: values that survive it, and no secrets. */

import { ValueError } from "../core/errors.ts";
import type { Redactor } from "../core/redact.ts";
import { encodeValue } from "../journal/codec.ts";

/**
 * `value` as the journal keeps it. A secret is refused and not masked, for whoever resumes needs the
 * value as it was.
 *
 * @throws {ValueError} When it holds what looks like a secret, or cannot be written; `what` names it.
 */
export function toStorable(redactor: Redactor, value: unknown, what: string): string {
  const secret = redactor.find(value);
  if (secret === undefined) return encodeValue(value, what);
  const place = secret === "" ? "" : ` at "${secret}"`;
  throw new ValueError(
    what,
    `it holds what looks like a secret${place}; keep secrets in environment variables or files, and hand on their names`,
  );
}
