import type { PageBitmap } from "../../format/bitmap/mod.ts";

/** Consecutive pages. */
export interface PageBatch {
  /** The pages, one after the other. */
  readonly bytes: Uint8Array;
  /** Bits of the pages that are not all zero. */
  readonly nonZero: PageBitmap;
}
