import { RULES, type RuleSlug } from "../../mod.ts";
import { conformsTo } from "./conforms_to.ts";
import type { Counts, SuiteReport } from "./report.ts";

/** Formats a report as JSON; `conformance/README.md` describes it. */
export function reportJson(report: SuiteReport): string {
  const { suite, program, seconds, counts, rules, classes, cases } = report;
  const found = {
    suite,
    program,
    seconds,
    ...countsJson(counts),
    rules: rules.map(({ rule, counts }) => ({
      rule,
      ...rule in RULES ? about(rule as RuleSlug) : {},
      ...countsJson(counts),
    })),
    classes: classes.map(({ name, counts }) => ({
      name,
      ...countsJson(counts),
    })),
    conformsTo: conformsTo(report),
    cases,
  };
  return `${JSON.stringify(found, null, 2)}\n`;
}

function about(rule: RuleSlug): { kind: string; section: string } {
  const { kind, section } = RULES[rule];
  return { kind, section };
}

function countsJson(counts: Counts): Record<string, number> {
  const { pass, fail } = counts;
  return { pass, fail, notSupported: counts["not supported"] };
}
