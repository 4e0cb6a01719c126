/**
 * Reading much of a snapshot: to flat images, or ahead of what needs it.
 *
 * @module
 */

export { exportImage, type ExportOptions } from "./export_image.ts";
