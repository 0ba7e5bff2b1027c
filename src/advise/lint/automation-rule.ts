/** A rule about automations. */

import type { AutomationFile } from "./automation-file.ts";
import type { Node } from "./ecma-node.ts";
import type { RuleFacts } from "./rule.ts";

/** What a rule found, and where. */
export interface NodeHit {
  readonly node: Node;
  /** Default: the rule's `why`. */
  readonly says?: string | undefined;
}

/** What the rules ask of whoever read the file. */
export interface FileText {
  /** Whether a comment stands within a node. */
  hasCommentIn(node: Node): boolean;
}

/** See the header. Pure, and the same for every parser. */
export interface AutomationRule extends RuleFacts {
  check(file: AutomationFile, text: FileText): readonly NodeHit[];
}
