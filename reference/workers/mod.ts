/**
 * Work on one file by several workers.
 *
 * @module
 */

export type { BlockShare } from "./block_share.ts";
export { SharedBlockWriter } from "./block_share.ts";
