import { columns, isTerminal, paint } from "./terminal.ts";

/** A column of a table. */
export interface Column {
  /** What stands above it. */
  readonly title: string;
  /** Whether its cells stand to the right. */
  readonly right?: boolean;
  /** Whether it may go where the terminal is too narrow, the last one first. */
  readonly optional?: boolean;
}

const INDENT = "  ";
const GAP = "  ";

/** Lines of cells in columns as wide as they need, under their titles. */
export function formatTable(
  header: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  let shown = header.map((_, index) => index);
  const widths = header.map(({ title }, index) => {
    let width = title.length;
    for (const row of rows) width = Math.max(width, row[index].length);
    return width;
  });
  const width = () =>
    shown.reduce((sum, index) => sum + GAP.length + widths[index], 0);
  while (isTerminal() && width() > columns()) {
    const dropped = shown.findLast((index) => header[index].optional);
    if (dropped === undefined) break;
    shown = shown.filter((index) => index !== dropped);
  }
  const format = (cells: readonly string[]) =>
    INDENT +
    shown.map((index) =>
      header[index].right
        ? cells[index].padStart(widths[index])
        : cells[index].padEnd(widths[index])
    ).join(GAP).trimEnd();
  const titles = header.map(({ title }) => title);
  return [
    ...(titles.some((title) => title !== "")
      ? [paint("dim", format(titles))]
      : []),
    ...rows.map(format),
  ];
}

/** Lines of a name and what there is to say of it. */
export function formatList(
  rows: readonly (readonly [name: string, text: string])[],
): string[] {
  let width = 0;
  for (const [name] of rows) width = Math.max(width, name.length);
  return rows.map(([name, text]) =>
    `${INDENT}${paint("dim", name.padEnd(width))}${GAP}${text}`
  );
}
