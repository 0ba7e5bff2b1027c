/** What lint looks for, and what it says when it found it. */

/**
 * `error`: it exits 0 although it failed, or destroys what it should not. `warning`: it may.
 * `hint`: nothing is wrong, and something would be safer.
 */
export type Severity = "error" | "warning" | "hint";

/** A rule as its documentation has it. */
export interface RuleFacts {
  /** In kebab case, unique among all rules. */
  readonly id: string;
  readonly severity: Severity;
  /** What happens: without a full stop. */
  readonly why: string;
  /** What to do about it: without a full stop. */
  readonly fix: string;
}

/** Where a rule found something, as an offset into the text, in UTF-16 code units. */
export interface Hit {
  readonly at: number;
  /** What was found: without a full stop. Default: the rule's `why`. */
  readonly says?: string | undefined;
  /** Default: the rule's `fix`. */
  readonly fix?: string | undefined;
}

/** Something that was found. */
export interface Problem {
  readonly rule: string;
  readonly severity: Severity;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  readonly says: string;
  readonly fix: string;
}

/** The problems that a rule's hits are, in no order. */
export function toProblems(rule: RuleFacts, hits: readonly Hit[], text: string): Problem[] {
  let line = 1;
  let begin = 0;
  // In their order the text is gone through once, however many there are.
  const inText = hits.toSorted((one, other) => one.at - other.at);
  return inText.map(({ at, says = rule.why, fix = rule.fix }) => {
    for (let end = text.indexOf("\n", begin); end >= 0 && end < at; line++) {
      begin = end + 1;
      end = text.indexOf("\n", begin);
    }
    return { rule: rule.id, severity: rule.severity, line, column: at - begin + 1, says, fix };
  });
}

/** By their place. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
}
