import { conformsTo } from "./conforms_to.ts";
import type { Counts, SuiteReport } from "./report.ts";

/**
 * Formats a report as text: a line per rule, then the problems, then totals.
 */
export function reportText(report: SuiteReport): string {
  const width = Math.max(4, ...report.rules.map(({ rule }) => rule.length));
  const lines = [
    `${"rule".padEnd(width)}  pass  fail  not supported`,
    ...report.rules.map(({ rule, counts }) =>
      `${rule.padEnd(width)}  ${columns(counts)}`
    ),
    "",
  ];
  for (const state of ["not supported", "fail"] as const) {
    for (const it of report.cases) {
      if (it.state !== state) continue;
      lines.push(`${state.toUpperCase()} ${it.name}`);
      for (const reason of it.reasons) lines.push(`  ${printable(reason)}`);
    }
  }
  for (const { name, remarks } of report.cases) {
    if (remarks.length === 0) continue;
    lines.push(`note     ${name}: ${printable(remarks.join("; "))}`);
  }
  if (report.classes.length > 0) {
    const width = Math.max(...report.classes.map(({ name }) => name.length));
    lines.push("", `${"class".padEnd(width)}  pass  fail  not supported`);
    for (const { name, counts } of report.classes) {
      lines.push(`${name.padEnd(width)}  ${columns(counts)}`);
    }
    lines.push("");
  }
  const { counts, cases, seconds } = report;
  const rate = (cases.length / Math.max(seconds, 0.001)).toFixed(0);
  lines.push(
    `${report.suite}: ${cases.length} cases, ${counts.pass} pass, ` +
      `${counts.fail} fail, ${counts["not supported"]} not supported; ` +
      `${seconds.toFixed(1)} s, ${rate} a second`,
  );
  const classes = conformsTo(report);
  if (classes.length > 0) {
    lines.push(`conforms to ${report.suite}: ${classes.join(", ")}`);
  }
  return lines.join("\n");
}

function columns(counts: Counts): string {
  const { pass, fail } = counts;
  return `${cell(pass, 4)}  ${cell(fail, 4)}  ` +
    cell(counts["not supported"], 13);
}

function cell(value: number, width: number): string {
  return (value === 0 ? "-" : String(value)).padStart(width);
}

/** Replaces control characters in the output of an untrusted program. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}
