import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { setBit, sharedBitmap, sharedWords } from "../pages/mod.ts";

/**
 * The pages that a running guest wrote to, for {@linkcode saveLive}. Any number
 * of threads may mark pages while another takes them: `shared` goes to a thread
 * by `postMessage`, and makes the same log there.
 *
 * Mark a page when it is written, not before: a page that is taken, saved and
 * only then written would be lost.
 *
 * @example
 * ```ts
 * import { DirtyPages } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const dirty = new DirtyPages(100);
 * new DirtyPages(100, dirty.shared).mark(7); // in another thread
 * assert.deepEqual([...dirty.take().runs()], [{ first: 7, end: 8 }]);
 * assert.equal(dirty.take().count(), 0);
 * ```
 */
export class DirtyPages {
  /** How many pages the log speaks of. */
  readonly pageCount: number;
  /** The bits, for other threads. */
  readonly shared: Int32Array;

  /** All clean, or a log that another thread has, too. */
  constructor(
    pageCount: number,
    shared: Int32Array = sharedWords(sharedBitmap(pageCount)),
  ) {
    this.pageCount = pageCount;
    this.shared = shared;
  }

  /** Notes that a page was written. */
  mark(pageIndex: number): void {
    setBit(this.shared, pageIndex);
  }

  /** The pages marked since the last call, which are clean from now on. */
  take(): PageBitmap {
    const taken = sharedBitmap(this.pageCount);
    const words = sharedWords(taken);
    for (let index = 0; index < this.shared.length; index++) {
      if (Atomics.load(this.shared, index) === 0) continue;
      words[index] = Atomics.exchange(this.shared, index, 0);
    }
    return taken;
  }
}
