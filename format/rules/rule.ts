/**
 * What a rule asks, and of whom.
 *
 * - `refuse`: a reader MUST refuse a file that breaks it.
 * - `accept`: a reader MUST accept what it describes and read it as it says.
 * - `write`: a writer MUST keep it; a reader accepts a file that does not, and
 *   a verifier reports it as a warning.
 */
export type RuleKind = "refuse" | "accept" | "write";

/** One normative rule of SPEC.md. */
export interface Rule {
  /** What the rule asks, and of whom. */
  readonly kind: RuleKind;
  /** The number of the section of SPEC.md that states it. */
  readonly section: string;
  /** The rule in one sentence. */
  readonly text: string;
}

/** A rule that a reader refuses a file by. */
export function refuse(section: string, text: string): Rule {
  return { kind: "refuse", section, text };
}

/** A rule that a reader accepts a file by. */
export function accept(section: string, text: string): Rule {
  return { kind: "accept", section, text };
}

/** A rule that a writer keeps. */
export function write(section: string, text: string): Rule {
  return { kind: "write", section, text };
}
