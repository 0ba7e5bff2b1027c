/** Reads the option `heal`. */

import { REMEDY_METHODS, type Remedy } from "../core/remedy.ts";
import { list, part, required, type Reader } from "../core/options.ts";

const remedy: Reader<Remedy> = required(
  part<Remedy, undefined>({ methods: REMEDY_METHODS, default: undefined }),
  "a remedy",
);

/** Remedies, in the order in which they are asked. Default: none. */
export const readRemedies: Reader<readonly Remedy[]> = list(remedy, { default: [] });
