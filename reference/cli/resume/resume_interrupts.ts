import { printMessage } from "../output/output.ts";
import { Interrupted, onStop } from "../program/interrupted.ts";

/** Milliseconds in which a second Ctrl-C is ignored: `deno task` repeats it. */
const SAME_MILLISECONDS = 200;

/**
 * Handles Ctrl-C while a guest needs this process: the first one prints what
 * would be lost, the second one stops.
 */
export class ResumeInterrupts implements Disposable {
  /** What would be lost by stopping now; undefined: nothing. */
  loss: string | undefined;
  /** Prints a message. */
  tell: (text: string) => void = printMessage;
  readonly #stop = new AbortController();
  #last = -Infinity;
  #warned = false;
  /** Only Ctrl-C has to be repeated. */
  readonly #listening = onStop((signal) => {
    if (signal === "SIGINT") this.#interrupt();
    else this.#end(signal);
  });

  /** Aborted when the command has to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops listening for signals. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #interrupt(): void {
    const now = performance.now();
    if (now - this.#last < SAME_MILLISECONDS) return;
    this.#last = now;
    const loss = this.#warned ? undefined : this.loss;
    if (loss === undefined) return this.#end("SIGINT");
    this.#warned = true;
    this.tell(`${loss} (Ctrl-C again stops)`);
  }

  #end(signal: string): void {
    this.#stop.abort(new Interrupted(signal));
  }
}
