import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The environment in which processes share what Node has compiled: doing it anew takes most of a start.
 * The directory is the one that `module.enableCompileCache()` takes by itself.
 */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") };
