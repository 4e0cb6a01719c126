import { RuleError, type RuleSlug, UnsupportedError } from "../../mod.ts";

/**
 * Returns a rule error in the form of `expected.json`; rethrows any other
 * error.
 */
export function refusalOf(
  error: unknown,
): { readonly kind: string; readonly rule: RuleSlug; readonly offset: number } {
  if (!(error instanceof RuleError)) throw error;
  const kind = error instanceof UnsupportedError ? "unsupported" : "format";
  const { rule, offset } = error;
  return { kind, rule, offset };
}
