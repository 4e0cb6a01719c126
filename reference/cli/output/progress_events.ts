import type { Progress } from "../../work/mod.ts";
import { jsonText } from "./json_text.ts";
import { printLog } from "./output.ts";
import { paceOf } from "./pace_of.ts";

/** Milliseconds between two events; what is done sooner has none at all. */
const INTERVAL = 200;

/** What a command tells while it works: a bar, or events. */
export interface ProgressTeller extends Disposable {
  /** Tells how far it is, if it is time to. */
  readonly show: (progress: Progress) => void;
}

/** Prints events on standard output, a JSON object a line. */
export class ProgressEvents implements ProgressTeller {
  readonly #started = performance.now();
  #told = this.#started;

  /** Prints a `progress` event, if it is time to. */
  readonly show = (progress: Progress): void => {
    const now = performance.now();
    const { idstr, done, total, zero, skipped } = progress;
    if (now - this.#told < INTERVAL) return;
    this.#told = now;
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

  /** Does nothing: an event is a line of its own. */
  [Symbol.dispose](): void {}
}

/** Prints an event on standard output, a JSON object a line. */
export function printEvent(event: string, facts: object): void {
  printLog(jsonText({ event, ...facts }));
}

/**
 * Prints an event that the next one of its kind replaces if nobody reads; `of`
 * tells several of a kind apart.
 */
export function printStatistics(
  event: string,
  facts: object,
  of: string | number = "",
): void {
  printLog(jsonText({ event, ...facts }), { topic: `${event} ${of}` });
}
