/**
 * Pages in memory: scan for zero pages, buffers, bits shared between threads.
 *
 * @module
 */

export { setBit, setBits, sharedBitmap, sharedWords } from "./atomic_bits.ts";
export { differentPages } from "./different_pages.ts";
export type { PageBatch } from "./page_batch.ts";
export { storePages } from "./store_pages.ts";
export { isZero, PageBuffer } from "./zero_page.ts";
