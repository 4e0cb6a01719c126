/**
 * Source that reads a URL by Range requests.
 *
 * @module
 */

export type { HttpOptions } from "./http_client.ts";
export {
  type HttpSource,
  type HttpSourceOptions,
  openHttpSource,
} from "./http_source.ts";
