import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { HttpOptions } from "./http_client.ts";

/** How to open a URL. */
export interface HttpSourceOptions extends HttpOptions, ReadOptions {}

/** A source over a URL of a server that answers Range requests. */
export interface HttpSource extends ByteSource {
  /** Requests made so far, retries included. */
  readonly requests: number;
  /** Bytes of bodies received so far. */
  readonly bytesReceived: number;
}

/**
 * Opens a URL by one request, which reads the first 64 KiB and tells the size.
 * What the server says of the file's version (ETag, else Last-Modified) is kept:
 * a later answer that differs is an error, never a mix of two files.
 *
 * A redirect is followed at each request. Headers, user and password go along to
 * the same scheme, host and port alone. The name of the source, and what errors
 * say, has no user or password, and no values of a query.
 *
 * @throws {SourceError} if the server does not answer with the range asked for
 * @throws {TypeError} if it is no URL of a web server, or a header cannot be
 *
 * @example
 * ```ts
 * import { openHttpSource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * // A server in a function, as a test or a request signer would inject it.
 * const file = new TextEncoder().encode("QEVM");
 * const source = await openHttpSource("https://example.com/vm.mr", {
 *   fetch: () =>
 *     Promise.resolve(
 *       new Response(file, {
 *         status: 206,
 *         headers: { "content-range": "bytes 0-3/4", etag: '"1"' },
 *       }),
 *     ),
 * });
 * assert.equal(source.byteLength, 4);
 * ```
 */
export async function openHttpSource(
  url: string | URL,
  options: HttpSourceOptions = {},
): Promise<HttpSource> {
  const { openRanges } = await import("./open_ranges.ts");
  return await openRanges(url, options);
}
