import type { RuleSlug } from "../rules/rules.ts";

/** A text is not a profile (`profile-format`). */
export class ProfileFormatError extends SyntaxError {
  /** The rule of SPEC.md that it breaks. */
  readonly rule: RuleSlug = "profile-format";
  /** The number of the line that breaks it, from 1. */
  readonly line: number;

  /** Makes the error for a line. */
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** A profile belongs to another snapshot (`profile-match`). */
export class ProfileMatchError extends RangeError {
  /** The rule of SPEC.md that it breaks. */
  readonly rule: RuleSlug = "profile-match";
}
