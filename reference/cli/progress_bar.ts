import type { Progress } from "../mod.ts";
import { formatBytes } from "./format_bytes.ts";
import { drawLine } from "./output.ts";
import { canDraw } from "./terminal.ts";

const INTERVAL = 100;
const WIDTH = 24;

/** A bar with rate and time left on standard error, if that is a terminal. */
export class ProgressBar implements Disposable {
  readonly #what: string;
  readonly #started = performance.now();
  #drawn = this.#started;

  /** For work of that name. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Draws, if it is time to. */
  readonly show = ({ done, total, idstr }: Progress): void => {
    const now = performance.now();
    if (!canDraw() || now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    const rate = done / Math.max(1, now - this.#started) * 1000;
    const filled = Math.round(WIDTH * done / Math.max(1, total));
    const bar = "█".repeat(filled).padEnd(WIDTH, "░");
    const left = Math.ceil((total - done) / Math.max(1, rate));
    drawLine(
      `${this.#what} ${bar} ${formatBytes(done)} of ${formatBytes(total)}, ` +
        `${formatBytes(Math.round(rate))}/s, ${left} s left  ${idstr}`,
    );
  };

  /** Wipes the bar. */
  [Symbol.dispose](): void {
    if (this.#drawn !== this.#started) drawLine("");
  }
}
