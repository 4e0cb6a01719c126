import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { HttpOptions } from "./http_client.ts";

/** Options for opening a URL. */
export interface HttpSourceOptions extends HttpOptions, ReadOptions {}

/** A source that reads a URL by Range requests. */
export interface HttpSource extends ByteSource {
  /** Number of requests made so far, including retries. */
  readonly requests: number;
  /** Number of body bytes received so far. */
  readonly bytesReceived: number;
  /** ETag of the version that was opened, if the server gives one. */
  readonly etag: string | undefined;
}

/**
 * Opens a URL with one request, which reads the first 64 KiB and gets the size.
 * The source keeps the version of the file (ETag, else Last-Modified): a later
 * response with another version is an error, so that two versions never mix.
 *
 * Pass the header `if-match` to open only the version with that ETag; with
 * another one, the error is of a changed file, too.
 *
 * Every request follows redirects. Headers, user, and password are sent only to
 * the same scheme, host, and port. The name of the source and all error
 * messages omit user, password, and query values.
 *
 * @throws {SourceError} if the server does not answer with the requested range
 * @throws {TypeError} if the URL is not http or https, or a header is invalid
 *
 * @example
 * ```ts
 * import { openHttpSource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * // A function in place of a server, as in a test or a request signer.
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
