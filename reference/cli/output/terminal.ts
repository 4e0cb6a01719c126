import process from "node:process";
import { environmentVariable } from "../program/environment_variable.ts";
import { isTty } from "./is_tty.ts";

/** Maximum width of drawings; longer lines are hard to follow. */
const COLUMNS_MAX = 120;
const COLUMNS_MIN = 40;
const COLUMNS_DEFAULT = 80;

/** Returns the columns of standard output; 80 if it is not a terminal. */
export function columns(): number {
  return isTerminal() ? bounded(process.stdout.columns) : COLUMNS_DEFAULT;
}

/** Returns the columns of standard error, where progress is drawn. */
export function messageColumns(): number {
  return isTty(2) ? bounded(process.stderr.columns) : COLUMNS_DEFAULT;
}

function bounded(count: number | undefined): number {
  // A terminal of unknown size reports 0.
  const width = count || COLUMNS_DEFAULT;
  return Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, width));
}

/** Whether lines must fit into {@linkcode columns}. */
export function isTerminal(): boolean {
  return isTty(1);
}

/** Determined once: otherwise each painted word would call the system. */
let showsColours: boolean | undefined;

/** Whether standard output shows colours. */
function hasColour(): boolean {
  showsColours ??= wantsColour();
  return showsColours;
}

function wantsColour(): boolean {
  const forced = environmentVariable("FORCE_COLOR");
  // Node also lets it override NO_COLOR, and says so.
  if (forced) return forced !== "0";
  if (environmentVariable("NO_COLOR")) return false;
  return isTerminal() && environmentVariable("TERM") !== "dumb";
}

/** Whether standard error is a terminal, so that progress can be drawn. */
export function canDraw(): boolean {
  return isTty(2) &&
    environmentVariable("TERM") !== "dumb";
}

const CODES = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
} as const;

/** Paints text if colours are shown. */
export function paint(style: keyof typeof CODES, text: string): string {
  return paintCode(CODES[style], text);
}

/** Paints text with the parameters of an SGR sequence: `38;5;24`. */
export function paintCode(code: string, text: string): string {
  return hasColour() ? `\x1b[${code}m${text}\x1b[0m` : text;
}
