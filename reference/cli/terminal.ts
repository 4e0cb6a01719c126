import process from "node:process";

/** Columns of the terminal on standard output; 80 if it is none. */
export function columns(): number {
  return Math.max(40, Math.min(120, process.stdout.columns ?? 80));
}

/** Whether standard output shows colours. */
export function hasColour(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

/** Whether standard error is a terminal, so that progress can be drawn. */
export function canDraw(): boolean {
  return process.stderr.isTTY === true;
}

const CODES = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
} as const;

/** Paints text where colours are shown. */
export function paint(style: keyof typeof CODES, text: string): string {
  return hasColour() ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}
