/**
 * Reading much of a snapshot: to flat images, or ahead of what needs it.
 *
 * @module
 */

export type { ExportOptions } from "./export_image.ts";
export { exportImage } from "./export_image.ts";
export type { PrefetchOptions } from "../reading/prefetch.ts";
export { prefetch } from "../reading/prefetch.ts";
