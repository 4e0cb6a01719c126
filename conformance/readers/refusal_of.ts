import { RuleError, type RuleSlug, UnsupportedError } from "../../mod.ts";

/** An error as `expected.json` has it; any other is thrown on. */
export function refusalOf(
  error: unknown,
): { readonly kind: string; readonly rule: RuleSlug; readonly offset: number } {
  if (!(error instanceof RuleError)) throw error;
  const kind = error instanceof UnsupportedError ? "unsupported" : "format";
  const { rule, offset } = error;
  return { kind, rule, offset };
}
