import { printMessage } from "../output/output.ts";
import { Interrupted, onStop } from "../program/interrupted.ts";

/** `deno task` passes each Ctrl-C on that the terminal has sent already. */
const SAME_MILLISECONDS = 200;

/**
 * What Ctrl-C does while a guest needs us: the first one says what would be
 * lost, the second one stops.
 */
export class ResumeInterrupts implements Disposable {
  /** What would be lost by stopping now; undefined if nothing. */
  loss: string | undefined;
  /** Says it. */
  tell: (text: string) => void = printMessage;
  readonly #stop = new AbortController();
  #last = -Infinity;
  #warned = false;
  /** Only Ctrl-C is asked back. */
  readonly #listening = onStop((signal) => {
    if (signal === "SIGINT") this.#interrupt();
    else this.#end(signal);
  });

  /** Is aborted when it is to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Listens no more. */
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
