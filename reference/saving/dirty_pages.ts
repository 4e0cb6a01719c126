import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { setBit, sharedBitmap, sharedWords } from "../pages/mod.ts";

/**
 * A log of the pages that a running guest wrote to, for {@linkcode saveLive}.
 * Any number of threads may mark pages while another takes them: pass `shared`
 * to a thread by `postMessage` and create a log from it there.
 *
 * Mark a page after it is written, not before: otherwise it could be taken and
 * saved before the write, which would then be lost.
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
  /** Number of pages that the log covers. */
  readonly pageCount: number;
  /** The bits, for other threads. */
  readonly shared: Int32Array;

  /** Creates a log of clean pages, or opens one shared by another thread. */
  constructor(
    pageCount: number,
    shared: Int32Array = sharedWords(sharedBitmap(pageCount)),
  ) {
    this.pageCount = pageCount;
    this.shared = shared;
  }

  /** Records that a page was written. */
  mark(pageIndex: number): void {
    setBit(this.shared, pageIndex);
  }

  /** Returns the pages marked since the last call, and marks them clean. */
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
