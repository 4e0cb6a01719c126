import { columns, isTerminal, paint } from "./terminal.ts";

/** A column of a table. */
export interface Column {
  /** The title above it. */
  readonly title: string;
  /** Whether its cells are right-aligned. */
  readonly right?: boolean;
  /** Whether it may be dropped on a narrow terminal, starting with the last. */
  readonly optional?: boolean;
}

const INDENT = "  ";
const GAP = "  ";

/** Formats rows in columns of the required widths, below their titles. */
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

/** Formats lines of names and values. */
export function formatList(
  rows: readonly (readonly [name: string, text: string])[],
): string[] {
  let width = 0;
  for (const [name] of rows) width = Math.max(width, name.length);
  return rows.map(([name, text]) =>
    `${INDENT}${paint("dim", name.padEnd(width))}${GAP}${text}`
  );
}
