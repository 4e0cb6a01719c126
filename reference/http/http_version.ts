import { contentRangeOf } from "./http_range_response.ts";
import { FinalFailure } from "./request_failure.ts";

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

/**
 * Refuses an answer that is of another version than the one that was opened.
 *
 * @throws {FinalFailure} with both versions
 */
export function checkVersion(response: Response, pinned: PinnedVersion): void {
  const { etag, lastModified } = versionOf(response);
  const changed = etag !== pinned.etag ||
    (etag === null && lastModified !== pinned.lastModified);
  const total = contentRangeOf(response)?.total;
  if (!changed && (total === undefined || total === pinned.byteLength)) return;
  const size = total === undefined ? "" : ` of ${total} bytes`;
  throw new FinalFailure(
    `the file changed on the server: ${
      tagOf({ etag, lastModified })
    }${size}, ` +
      `expected ${
        tagOf(pinned)
      } of ${pinned.byteLength} bytes as when it was ` +
      "opened",
  );
}

function tagOf({ etag, lastModified }: FileVersion): string {
  return etag ?? lastModified ?? "no ETag";
}
