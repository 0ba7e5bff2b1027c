/** Paths as options: only absolute ones, for a remedy may act long after it was made, and elsewhere. */

import { isAbsolute } from "node:path";
import { OptionsError } from "../core/errors.ts";
import { required, text, type Reader } from "../core/options.ts";

/** Reads an absolute path. */
export const readPath: Reader<string> = (value, path) => {
  const given = required(text({ default: undefined }), "an absolute path")(value, path);
  if (!isAbsolute(given))
    throw new OptionsError(path, `expected an absolute path, received "${given}"`);
  return given;
};
