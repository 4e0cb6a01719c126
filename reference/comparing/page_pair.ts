import { differentPages, isZero, PageBuffer } from "../pages/mod.ts";
import { IN_BOTH, PAGE_STATE, stateRuns } from "./page_state.ts";

/** Memory for the pages of two snapshots, which it compares in place. */
export class PagePair {
  /** The pages of each snapshot. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly #buffer: PageBuffer;
  readonly #byteLength: number;

  /** Allocates `byteLength` bytes for each of the snapshots. */
  constructor(byteLength: number) {
    this.#byteLength = byteLength;
    this.#buffer = new PageBuffer(2 * byteLength);
    this.a = this.#buffer.bytes.subarray(0, byteLength);
    this.b = this.#buffer.bytes.subarray(byteLength);
  }

  /**
   * Compares pages that were to be read, and now have been, into their places;
   * replaces their states.
   */
  settle(states: Uint8Array, pageSize: number): void {
    for (const { first, end, state } of stateRuns(states)) {
      const run = { start: first * pageSize, count: end - first };
      const found = states.subarray(first, end);
      if (state === IN_BOTH) {
        this.#compare(found, pageSize, run);
      } else {
        const isInA = state !== PAGE_STATE.inB;
        this.#scan(found, pageSize, { ...run, isInA });
      }
    }
  }

  #compare(
    states: Uint8Array,
    pageSize: number,
    { start, count }: { readonly start: number; readonly count: number },
  ): void {
    const [inA, inB] = [this.a, this.b]
      .map((it) => it.subarray(start, start + count * pageSize));
    states.fill(PAGE_STATE.same);
    for (const { first, end } of differentPages(inA, inB, pageSize)) {
      for (let page = first; page < end; page++) {
        const at = page * pageSize;
        const [a, b] = [inA, inB].map((it) => it.subarray(at, at + pageSize));
        states[page] = isZero(a)
          ? PAGE_STATE.appeared
          : isZero(b)
          ? PAGE_STATE.vanished
          : PAGE_STATE.changed;
      }
    }
  }

  #scan(
    states: Uint8Array,
    pageSize: number,
    { start, count, isInA }: {
      readonly start: number;
      readonly count: number;
      readonly isInA: boolean;
    },
  ): void {
    const nonZero = this.#buffer.nonZeroPages(pageSize, count, {
      start: isInA ? start : this.#byteLength + start,
    });
    states.fill(PAGE_STATE.zeroStored);
    const state = isInA ? PAGE_STATE.vanished : PAGE_STATE.appeared;
    for (const { first, end } of nonZero.runs()) states.fill(state, first, end);
  }
}
