import type { PageBitmap } from "../../format/bitmap/mod.ts";

/** Consecutive pages. */
export interface PageBatch {
  /** The pages, one after the other. */
  readonly bytes: Uint8Array;
  /** Which of them are not all zero. */
  readonly nonZero: PageBitmap;
}
