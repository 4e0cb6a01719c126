import {
  IntegrityError,
  RuleError,
  type RuleSlug,
  UnsupportedError,
} from "../../mod.ts";

/**
 * Returns an error that refuses a file in the form of `expected.json`; rethrows
 * any other error.
 */
export function refusalOf(
  error: unknown,
): { readonly kind: string; readonly rule: RuleSlug; readonly offset: number } {
  if (error instanceof IntegrityError) {
    const { rule, offset } = error;
    return { kind: "integrity", rule, offset };
  }
  if (!(error instanceof RuleError)) throw error;
  const kind = error instanceof UnsupportedError ? "unsupported" : "format";
  const { rule, offset } = error;
  return { kind, rule, offset };
}
