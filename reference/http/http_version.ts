import { contentRangeOf } from "./http_range_response.ts";
import { ChangedFailure } from "./request_failure.ts";

/** The version of a file as the server gives it. */
export interface FileVersion {
  /** The ETag, weak or strong. */
  readonly etag: string | null;
  /** The Last-Modified date, ignored if there is an ETag. */
  readonly lastModified: string | null;
}

/** The version that was opened. */
export interface PinnedVersion extends FileVersion {
  /** Size of the file in bytes. */
  readonly byteLength: number;
}

/** Returns the version in a response's headers. */
export function versionOf({ headers }: Response): FileVersion {
  return {
    etag: headers.get("etag"),
    lastModified: headers.get("last-modified"),
  };
}

/**
 * Refuses a response with another version than the opened one.
 *
 * @throws {ChangedFailure} that gives both versions
 */
export function checkVersion(response: Response, pinned: PinnedVersion): void {
  const { etag, lastModified } = versionOf(response);
  const changed = etag !== pinned.etag ||
    (etag === null && lastModified !== pinned.lastModified);
  const total = contentRangeOf(response)?.total;
  if (!changed && (total === undefined || total === pinned.byteLength)) return;
  const size = total === undefined ? "" : ` of ${total} bytes`;
  throw changedTo(`${tagOf({ etag, lastModified })}${size}`, pinned);
}

/**
 * Refuses the answer that a range is past the end of the file, which was inside
 * the opened version.
 *
 * @throws {ChangedFailure} unless the server gives the size of that version
 */
export function checkInside(response: Response, pinned: PinnedVersion): void {
  const total = contentRangeOf(response)?.total;
  if (response.status !== 416 || total === pinned.byteLength) return;
  throw changedTo(`it ends at ${total ?? "a lower offset"}`, pinned);
}

function changedTo(found: string, pinned: PinnedVersion): ChangedFailure {
  return new ChangedFailure(
    `the file changed on the server: ${found}, expected ${tagOf(pinned)} of ` +
      `${pinned.byteLength} bytes as when it was opened`,
  );
}

function tagOf({ etag, lastModified }: FileVersion): string {
  return etag ?? lastModified ?? "no ETag";
}
