import process from "node:process";

/** Widest that anything is drawn; longer lines are hard to follow. */
const COLUMNS_MAX = 120;
const COLUMNS_MIN = 40;
const COLUMNS_DEFAULT = 80;

/** Columns of the terminal on standard output; 80 if it is none. */
export function columns(): number {
  return bounded(process.stdout.columns);
}

/** Columns of the terminal on standard error, where progress is drawn. */
export function messageColumns(): number {
  return bounded(process.stderr.columns);
}

function bounded(count: number | undefined): number {
  // A terminal that does not know its size says 0.
  const known = count || COLUMNS_DEFAULT;
  return Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, known));
}

/** Whether lines must fit into {@linkcode columns}. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Asked once: each word of many that are painted would ask the system. */
let showsColours: boolean | undefined;

/** Whether standard output shows colours. */
export function hasColour(): boolean {
  showsColours ??= isTerminal() && !variable("NO_COLOR") &&
    variable("TERM") !== "dumb";
  return showsColours;
}

/** Whether standard error is a terminal, so that progress can be drawn. */
export function canDraw(): boolean {
  return process.stderr.isTTY === true && variable("TERM") !== "dumb";
}

/** An environment variable; where Deno was not allowed to tell, it is not set. */
function variable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
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
  return paintCode(CODES[style], text);
}

/** Paints text by the parameters of an SGR sequence: `38;5;24`. */
export function paintCode(code: string, text: string): string {
  return hasColour() ? `\x1b[${code}m${text}\x1b[0m` : text;
}
