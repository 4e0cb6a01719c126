/**
 * A source behind a URL, read by ranges.
 *
 * @module
 */

export type { HttpOptions } from "./http_client.ts";
export {
  type HttpSource,
  type HttpSourceOptions,
  openHttpSource,
} from "./http_source.ts";
