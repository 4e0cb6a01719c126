/**
 * Reading much of a snapshot: to flat images, or ahead of what needs it.
 *
 * @module
 */

export { exportImage } from "./export_image.ts";
export type { ExportOptions } from "./export_options.ts";
