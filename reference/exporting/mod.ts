/**
 * Exports RAMBlocks of a snapshot as flat images.
 *
 * @module
 */

export { exportImage } from "./export_image.ts";
export type { ExportOptions } from "./export_options.ts";
export { presentBatches } from "./present_batches.ts";
