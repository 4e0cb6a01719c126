import type { CaseResult, SuiteReport } from "./report.ts";

/**
 * Formats a report as JUnit XML, with a test suite for each rule. A case of
 * several rules is in each of their suites.
 */
export function reportJunit(report: SuiteReport): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const all = report.rules.map(({ rule }) => ({
    rule,
    cases: report.cases.filter((it) => it.rules.includes(rule)),
  }));
  lines.push(
    `<testsuites ${
      attributes({
        name: report.suite,
        ...totals(all.flatMap(({ cases }) => cases)),
        time: report.seconds.toFixed(3),
      })
    }>`,
  );
  for (const { rule, cases } of all) {
    lines.push(`  <testsuite ${attributes({ name: rule, ...totals(cases) })}>`);
    for (const it of cases) lines.push(...testCase(rule, it));
    lines.push("  </testsuite>");
  }
  lines.push("</testsuites>", "");
  return lines.join("\n");
}

function totals(cases: readonly CaseResult[]): Record<string, string> {
  const failures = cases.filter((it) => it.state === "fail").length;
  const skipped = cases.filter((it) => it.state === "not supported").length;
  return {
    tests: String(cases.length),
    failures: String(failures),
    errors: "0",
    skipped: String(skipped),
  };
}

function testCase(rule: string, it: CaseResult): string[] {
  const { name, seconds, state, reasons, remarks } = it;
  const head = attributes({ classname: rule, name, time: seconds.toFixed(3) });
  if (state === "pass" && remarks.length === 0) {
    return [`    <testcase ${head}/>`];
  }
  const [message = ""] = reasons;
  const body = state === "fail"
    ? `<failure ${attributes({ message })}>${
      escapeXml(reasons.join("\n"))
    }</failure>`
    : state === "not supported"
    ? `<skipped ${attributes({ message })}/>`
    : `<system-out>${escapeXml(remarks.join("\n"))}</system-out>`;
  return [`    <testcase ${head}>`, `      ${body}`, "    </testcase>"];
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(value)}"`).join(" ");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Escapes text for XML 1.0, which cannot represent most control characters. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]/g, "?")
    .replace(/[&<>"]/g, (it) => ENTITIES[it] ?? it);
}
