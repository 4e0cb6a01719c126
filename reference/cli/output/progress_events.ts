import type { Progress } from "../../saving/mod.ts";
import { print } from "./output.ts";

/** Milliseconds between two events. */
const INTERVAL = 200;

/** What a command tells while it works: a bar, or events. */
export interface ProgressTeller extends Disposable {
  /** Tells how far it is, if it is time to. */
  readonly show: (progress: Progress) => void;
}

/** Prints events on standard output, a JSON object a line. */
export class ProgressEvents implements ProgressTeller {
  readonly #started = performance.now();
  #told = -Infinity;

  /** Prints a `progress` event, if it is time to or the work is done. */
  readonly show = (progress: Progress): void => {
    const now = performance.now();
    const { idstr, done, total, zero } = progress;
    if (now - this.#told < INTERVAL && done < total) return;
    this.#told = now;
    const seconds = (now - this.#started) / 1000;
    const bytesPerSecond = done / Math.max(0.001, seconds);
    printEvent("progress", {
      idstr,
      done,
      total,
      zero,
      bytesPerSecond: Math.round(bytesPerSecond),
      secondsLeft: Number(
        ((total - done) / Math.max(1, bytesPerSecond)).toFixed(3),
      ),
    });
  };

  /** Does nothing: an event is a line of its own. */
  [Symbol.dispose](): void {}
}

/** Prints an event. */
export function printEvent(event: string, facts: object): void {
  print(JSON.stringify({ event, ...facts }));
}
