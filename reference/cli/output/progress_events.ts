import type { Progress } from "../../work/mod.ts";
import { jsonText } from "./json_text.ts";
import { printLog } from "./output.ts";
import { paceOf } from "./pace_of.ts";

/** Milliseconds between two events; shorter work has none. */
const INTERVAL = 200;

/** Shows the progress of a command, as a bar or as events. */
export interface ProgressTeller extends Disposable {
  /** Shows the progress if the interval has passed. */
  readonly show: (progress: Progress) => void;
}

/** Prints events on standard output, one JSON object per line. */
export class ProgressEvents implements ProgressTeller {
  readonly #started = performance.now();
  #lastEvent = this.#started;

  /** Prints a `progress` event if the interval has passed. */
  readonly show = (progress: Progress): void => {
    const now = performance.now();
    const { idstr, done, total, zero, skipped } = progress;
    if (now - this.#lastEvent < INTERVAL) return;
    this.#lastEvent = now;
    const { bytesPerSecond, secondsLeft } = paceOf(
      progress,
      now - this.#started,
    );
    printStatistics("progress", {
      idstr,
      done,
      total,
      zero,
      skipped,
      bytesPerSecond,
      secondsLeft: secondsLeft === undefined
        ? null
        : Number(secondsLeft.toFixed(3)),
    });
  };

  /** Does nothing: there is no bar to clear. */
  [Symbol.dispose](): void {}
}

/** Prints an event on standard output, as one line of JSON. */
export function printEvent(event: string, facts: object): void {
  printLog(jsonText({ event, ...facts }));
}

/**
 * Prints an event that the next one of its kind replaces unless it was read
 * before. `of` distinguishes several of a kind.
 */
export function printStatistics(
  event: string,
  facts: object,
  of: string | number = "",
): void {
  printLog(jsonText({ event, ...facts }), { topic: `${event} ${of}` });
}
