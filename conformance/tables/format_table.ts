/** Formats a Markdown table, with columns aligned as by `deno fmt`. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((it, column) => it.padEnd(widths[column])).join(" | ")} |`;
  const rule = `| ${widths.map((it) => "-".repeat(it)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
