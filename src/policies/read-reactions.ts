/** The reaction table as an option of a policy. */

import type { Reader } from "../core/options.ts";
import {
  REACTIONS,
  reactionsWith,
  type ReactionChanges,
  type Reactions,
} from "../core/reactions.ts";

/** Reads changes to the table, or a whole one; the default table where there are none. */
export const readReactions: Reader<Reactions> = (value) =>
  // A table that was read before is taken as it is; `reactionsWith` refuses what is no table.
  value === undefined || value === REACTIONS ? REACTIONS : reactionsWith(value as ReactionChanges);
