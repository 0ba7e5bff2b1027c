/** What becomes of what is not permitted: it is refused, or, where somebody learns what is needed, told of. */

import type { PermissionDeniedError } from "../core/errors.ts";

let act = (denial: PermissionDeniedError): void => {
  throw denial;
};

/** @throws {PermissionDeniedError} Unless refusals are only told of. */
export function refuse(denial: PermissionDeniedError): void {
  act(denial);
}

/** From now on `tell` is told of what would be refused, and it is done. For the whole process. */
export function tellInstead(tell: (denial: PermissionDeniedError) => void): void {
  act = tell;
}
