import type { Goal } from "./rounds.ts";
import { goalText, printRows } from "./table.ts";

/** Prints one figure, and whether it meets its goal. */
export function printFigure(
  name: string,
  { value, unit, goal }: {
    readonly value: number;
    readonly unit: string;
    readonly goal?: Omit<Goal, "of">;
  },
): void {
  const text = goal === undefined
    ? ""
    : goalText({ of: "value", ...goal }, { value, ratio: NaN }, unit);
  printRows([[name, `${value.toFixed(2)} ${unit}`, text]]);
}
