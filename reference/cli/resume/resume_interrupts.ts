import process from "node:process";
import { Interrupted } from "../interrupted.ts";
import { printMessage } from "../output/output.ts";

/** `deno task` passes each Ctrl-C on that the terminal has sent already. */
const SAME_MILLISECONDS = 200;
/** Signals that are not asked back. */
const STOPS = ["SIGTERM", "SIGHUP"] as const;

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

  /** Listens from now on. */
  constructor() {
    process.on("SIGINT", this.#interrupt);
    for (const signal of STOPS) process.on(signal, this.#end);
  }

  /** Is aborted when it is to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    process.off("SIGINT", this.#interrupt);
    for (const signal of STOPS) process.off(signal, this.#end);
  }

  readonly #interrupt = (): void => {
    const now = performance.now();
    if (now - this.#last < SAME_MILLISECONDS) return;
    this.#last = now;
    const loss = this.#warned ? undefined : this.loss;
    if (loss === undefined) return this.#end("SIGINT");
    this.#warned = true;
    this.tell(`${loss} (Ctrl-C again stops)`);
  };

  readonly #end = (signal: string): void => {
    this.#stop.abort(new Interrupted(signal));
  };
}
