/**
 * The kind of a rule: the program that it binds, and how.
 *
 * - `refuse`: a reader MUST refuse a file that breaks it.
 * - `accept`: a reader MUST accept what it describes, and read it as
 *   described.
 * - `write`: a writer MUST obey it; a reader accepts a file that breaks it,
 *   and a verifier reports that as a warning.
 */
export type RuleKind = "refuse" | "accept" | "write";

/** One normative rule of SPEC.md. */
export interface Rule {
  /** The program that the rule binds, and how. */
  readonly kind: RuleKind;
  /** The number of the section of SPEC.md that states it. */
  readonly section: string;
  /** The rule in one sentence. */
  readonly text: string;
}

/** Makes a rule of kind `refuse`. */
export function refuse(section: string, text: string): Rule {
  return { kind: "refuse", section, text };
}

/** Makes a rule of kind `accept`. */
export function accept(section: string, text: string): Rule {
  return { kind: "accept", section, text };
}

/** Makes a rule of kind `write`. */
export function write(section: string, text: string): Rule {
  return { kind: "write", section, text };
}
