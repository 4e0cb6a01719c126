/**
 * The rules of SPEC.md, and errors that name the rule that was broken.
 *
 * @module
 */

export type { DialectRuleSlug } from "./dialect_rules.ts";
export {
  FormatError,
  hex,
  RuleError,
  type RuleViolation,
  UnsupportedError,
} from "./errors.ts";
export type { Rule, RuleKind } from "./rule.ts";
export { RULES, type RuleSlug } from "./rules.ts";
