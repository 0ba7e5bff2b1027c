/** All tables of tools, in the order in which they are asked. */

import type { ToolRow } from "./tool-row.ts";
import { ARCHIVES } from "./tools/archives.ts";
import { CLOUDS } from "./tools/clouds.ts";
import { DATABASES } from "./tools/databases.ts";
import { GIT_ROWS } from "./tools/git.ts";
import { NETWORK } from "./tools/network.ts";
import { PACKAGES } from "./tools/packages.ts";
import { PROCESSES } from "./tools/processes.ts";

/** See the header. */
export const TOOL_ROWS: readonly ToolRow[] = [
  ...PROCESSES,
  ...ARCHIVES,
  ...NETWORK,
  ...DATABASES,
  ...PACKAGES,
  ...GIT_ROWS,
  ...CLOUDS,
];
