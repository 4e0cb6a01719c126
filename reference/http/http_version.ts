import type { ByteRange } from "../../format/mod.ts";
import type { HttpClient } from "./http_client.ts";
import { parseContentRange } from "./http_range_response.ts";

/** What a server says of the version of a file. */
export interface FileVersion {
  /** The ETag, weak or strong. */
  readonly etag: string | null;
  /** The Last-Modified, of which an ETag makes nothing. */
  readonly lastModified: string | null;
}

/** The version that was opened. */
export interface PinnedVersion extends FileVersion {
  /** Size of the file in bytes. */
  readonly byteLength: number;
}

/** Reads it off a response. */
export function versionOf({ headers }: Response): FileVersion {
  return {
    etag: headers.get("etag"),
    lastModified: headers.get("last-modified"),
  };
}

/** Refuses an answer that is of another version than the one that was opened. */
export function checkVersion(
  client: HttpClient,
  ranges: readonly ByteRange[],
  response: Response,
  pinned: PinnedVersion,
): void {
  const { etag, lastModified } = versionOf(response);
  const changed = etag !== pinned.etag ||
    (etag === null && lastModified !== pinned.lastModified);
  const total = parseContentRange(response.headers.get("content-range"))?.total;
  if (!changed && (total === undefined || total === pinned.byteLength)) return;
  throw client.error(
    ranges,
    `the file changed on the server: ${describeVersion(response, total)}, ` +
      `expected ${describePinned(pinned)}`,
  );
}

function describePinned(version: PinnedVersion): string {
  const tag = version.etag ?? version.lastModified ?? "no ETag";
  return `${tag} of ${version.byteLength} bytes as when it was opened`;
}

function describeVersion(response: Response, total?: number): string {
  const { etag, lastModified } = versionOf(response);
  const size = total === undefined ? "" : ` of ${total} bytes`;
  return `${etag ?? lastModified ?? "no ETag"}${size}`;
}
