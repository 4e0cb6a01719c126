import type { Progress } from "../../work/mod.ts";
import { formatBytes } from "./format_bytes.ts";
import { formatShare } from "./format_count.ts";
import { formatSeconds } from "./format_time.ts";
import { drawLine } from "./output.ts";
import { paceOf } from "./pace_of.ts";
import type { ProgressTeller } from "./progress_events.ts";
import { canDraw, messageColumns } from "./terminal.ts";

/** Milliseconds between two drawings; shorter work shows no bar. */
const INTERVAL = 100;
const WIDTH_MAX = 30;
const WIDTH_MIN = 8;
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A progress bar on standard error, if that is a terminal. */
export class ProgressBar implements ProgressTeller {
  readonly #what: string;
  readonly #started = performance.now();
  #drawn = this.#started;

  /** `what` names the work. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Draws the bar if the interval has passed. */
  readonly show = (progress: Progress): void => {
    const now = performance.now();
    if (!canDraw() || now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    const line = formatProgress(this.#what, progress, now - this.#started);
    drawLine(line.slice(0, messageColumns() - 1));
  };

  /** Clears the bar. */
  [Symbol.dispose](): void {
    if (this.#drawn !== this.#started) drawLine("");
  }
}

/** Formats the line of a bar to the width of the terminal. */
export function formatProgress(
  what: string,
  progress: Progress,
  milliseconds: number,
): string {
  const { idstr, done, zero } = progress;
  const { share, bytesPerSecond, secondsLeft } = paceOf(progress, milliseconds);
  const facts = [
    `${Math.floor(share * 100)} %`.padStart(5),
    `${formatBytes(bytesPerSecond)}/s`,
    ...(secondsLeft === undefined
      ? []
      : [`${formatSeconds(secondsLeft)} left`]),
    ...(zero === undefined ? [] : [`${formatShare(zero, done)} zero`]),
  ].join("  ");
  const title = `${what} ${idstr}`;
  const room = messageColumns() - 1 - title.length - facts.length - 4;
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, room));
  return `${title}  ${formatBar(share, width)}  ${facts}`;
}

function formatBar(share: number, width: number): string {
  const eighths = Math.floor(share * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + PARTS[eighths % 8];
  return filled.padEnd(width, "·");
}
