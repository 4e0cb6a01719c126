import type { Goal, Result } from "./rounds.ts";

/** Prints rows in columns; all but the first are aligned to the right. */
export function printRows(rows: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${cells.join("   ")}`.trimEnd());
  }
}

/** Prints the results of interleaved rounds side by side. */
export function printResults(results: readonly Result[], unit: string): void {
  printRows([
    ["", unit, "min–max", "ratio", "to", "goal"],
    ...results.map(({ contender, median, min, max, ratio }) => [
      contender.name,
      number(median),
      `${number(min)}–${number(max)}`,
      number(ratio),
      contender.against ?? "the first",
      contender.goal === undefined
        ? ""
        : goalText(contender.goal, { ratio, value: median }, unit),
    ]),
  ]);
}

/** Formats a goal and whether it was met. */
export function goalText(
  goal: Goal,
  reached: Readonly<Record<Goal["of"], number>>,
  unit: string,
): string {
  const { atMost = Infinity, atLeast = -Infinity } = goal;
  const value = reached[goal.of];
  const met = value <= atMost && value >= atLeast ? "met" : "MISSED";
  const sign = goal.atMost === undefined ? "≥" : "≤";
  const of = goal.of === "ratio" ? "×" : unit;
  return `${sign} ${goal.atMost ?? goal.atLeast} ${of}: ${met}`;
}

/** Formats a value with three significant digits. */
function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
