import type { ReceiveProgress } from "../../migration/mod.ts";
import { formatBytes } from "./format_bytes.ts";
import { formatCount, formatShare } from "./format_count.ts";
import { drawLine } from "./output.ts";
import { printStatistics } from "./progress_events.ts";
import { canDraw, messageColumns } from "./terminal.ts";

/** Milliseconds between two drawings, and between two events. */
const DRAW_INTERVAL = 100;
const EVENT_INTERVAL = 200;

/** Shows progress as a line on standard error, if that is a terminal. */
export class ReceiveBar implements Disposable {
  readonly #started = performance.now();
  #drawn = this.#started;

  /** Draws the line if the interval has passed. */
  readonly show = (progress: ReceiveProgress): void => {
    const now = performance.now();
    if (!canDraw() || now - this.#drawn < DRAW_INTERVAL) return;
    this.#drawn = now;
    const line = formatReceiving(progress, now - this.#started);
    drawLine(line.slice(0, messageColumns() - 1));
  };

  /** Clears the line. */
  [Symbol.dispose](): void {
    if (this.#drawn !== this.#started) drawLine("");
  }
}

/** Prints events on standard output, one JSON object per line. */
export class ReceiveEvents implements Disposable {
  readonly #started = performance.now();
  #lastEvent = this.#started;

  /** Prints a `progress` event if the interval has passed. */
  readonly show = (progress: ReceiveProgress): void => {
    const now = performance.now();
    if (now - this.#lastEvent < EVENT_INTERVAL) return;
    this.#lastEvent = now;
    const bytesPerSecond = rateOf(progress, now - this.#started);
    printStatistics("progress", { ...progress, bytesPerSecond });
  };

  /** Does nothing: there is no line to clear. */
  [Symbol.dispose](): void {}
}

/** Describes a migration that has run for that many milliseconds. */
function formatReceiving(
  progress: ReceiveProgress,
  milliseconds: number,
): string {
  const { idstr, done, total, zero = 0, rounds, pagesAgain } = progress;
  return [
    `Receiving ${idstr}`,
    `${formatShare(done, total)} seen`,
    `${formatShare(zero, Math.max(1, done))} zero`,
    `${formatBytes(rateOf(progress, milliseconds))}/s`,
    `round ${formatCount(rounds + 1)}`,
    `${formatCount(pagesAgain)} pages again`,
  ].join("  ");
}

function rateOf(
  { bytesReceived }: ReceiveProgress,
  milliseconds: number,
): number {
  return Math.round(bytesReceived / Math.max(1, milliseconds) * 1000);
}
