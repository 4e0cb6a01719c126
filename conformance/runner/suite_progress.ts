import process from "node:process";
import type { CaseResult } from "./report.ts";

/** Milliseconds between two drawings on a terminal. */
const DRAW_INTERVAL = 100;
/** Milliseconds between two lines if they are not overwritten. */
const LINE_INTERVAL = 10_000;

/** Where progress is printed. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Prints on stderr how many cases are done: in one line on a terminal, else now
 * and then.
 */
export class SuiteProgress implements Disposable {
  readonly #total: number;
  readonly #output: ProgressOutput;
  #done = 0;
  #failed = 0;
  #printedAt = performance.now();
  #isDrawn = false;

  constructor(total: number, output: ProgressOutput = process.stderr) {
    this.#total = total;
    this.#output = output;
  }

  /** Counts a result. */
  readonly onResult = ({ state }: Pick<CaseResult, "state">): void => {
    this.#done++;
    if (state === "fail") this.#failed++;
    const now = performance.now();
    const { isTTY = false } = this.#output;
    const interval = isTTY ? DRAW_INTERVAL : LINE_INTERVAL;
    if (now - this.#printedAt < interval) return;
    this.#printedAt = now;
    const text = `${this.#done} of ${this.#total} cases, ${this.#failed} fail`;
    this.#output.write(isTTY ? `\r${text}\x1b[K` : `${text}\n`);
    this.#isDrawn = isTTY;
  };

  /** Clears the line. */
  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#output.write("\r\x1b[K");
  }
}
