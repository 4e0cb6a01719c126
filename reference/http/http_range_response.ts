/**
 * Checks of responses to Range requests.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { answeredStatus } from "./answered_status.ts";
import type { BodyPart, HttpAnswer } from "./http_answer.ts";
import { ChangedFailure, FinalFailure } from "./request_failure.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** Returns the value of a Range header. */
export function rangeHeader(ranges: readonly ByteRange[]): string {
  const specs = ranges.map((range) => `${range.offset}-${rangeEnd(range) - 1}`);
  return `bytes=${specs.join(",")}`;
}

/**
 * Headers of S3, Azure and Google Cloud Storage. They document that they answer
 * one range per request; for several, S3 starts to send the whole object.
 */
const OBJECT_STORES = [
  "x-amz-request-id",
  "x-ms-request-id",
  "x-goog-generation",
];

/**
 * Whether to request only single ranges from the server that sent a response. A
 * browser sends several to another origin only after a request with OPTIONS,
 * which few servers of files answer; a single range needs none.
 */
export function takesOneRange({ type, headers }: Response): boolean {
  return type === "cors" || OBJECT_STORES.some((name) => headers.has(name));
}

/** A Content-Range, such as `bytes 0-99/1000`; range or size may be absent. */
export interface ContentRange {
  /** The range; undefined if the header gives only the size. */
  readonly range: ByteRange | undefined;
  /** Size of the whole file; undefined if the server does not give it. */
  readonly total: number | undefined;
}

/**
 * Parses a Content-Range. Returns undefined if it is absent, malformed or
 * invalid, that is, ends before its start or past the end of the file (RFC
 * 9110, section 14.4).
 */
export function parseContentRange(
  value: string | null,
): ContentRange | undefined {
  const match = /^bytes[ \t]+(?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/i
    .exec(value?.trim() ?? "");
  if (match === null) return undefined;
  const [, first, last, size] = match;
  const total = size === undefined ? undefined : Number(size);
  if (!Number.isSafeInteger(total ?? 0)) return undefined;
  if (first === undefined) return { range: undefined, total };
  const offset = Number(first);
  const length = Number(last) - offset + 1;
  const isInside = length > 0 && offset + length <= (total ?? MAX);
  return isInside ? { range: { offset, length }, total } : undefined;
}

/** Parses a response's Content-Range with {@linkcode parseContentRange}. */
export function contentRangeOf(
  { headers }: Response,
): ContentRange | undefined {
  return parseContentRange(headers.get("content-range"));
}

/** Maximum unwanted bytes before the wanted range that are read and dropped. */
const SKIP_MAX = 0x1000000;

/**
 * Returns the part of a body with the range `found` that starts at the first
 * byte of the range `wanted`; undefined if there is none. A server may answer
 * with a part of the requested range (RFC 9110, section 15.3.7), or with whole
 * blocks that include it.
 */
export function wantedPart(
  found: ByteRange | undefined,
  wanted: ByteRange,
): BodyPart | undefined {
  if (found === undefined) return undefined;
  const skip = wanted.offset - found.offset;
  const length = Math.min(rangeEnd(found), rangeEnd(wanted)) - wanted.offset;
  if (skip < 0 || skip > SKIP_MAX || length <= 0) return undefined;
  return { skip, length, bodyLength: found.length };
}

/**
 * Codings that do not change the content. S3 gives the coding of the upload,
 * `aws-chunked` or none, although it stores the decoded chunks.
 */
const PLAIN: ReadonlySet<string> = new Set(["", "identity", "aws-chunked"]);

/** Answer to an If-Match header of the caller with another ETag. */
const PRECONDITION_FAILED = 412;

/**
 * Refuses every response other than 206 with unencoded content.
 *
 * @throws {FinalFailure} that says what to change on the server
 */
export async function checkPartial(answer: HttpAnswer): Promise<void> {
  const { status, headers } = answer.response;
  if (status === 200) {
    throw new FinalFailure(
      "the server answered 200 with the whole file, expected 206: enable " +
        "Range requests for it (Accept-Ranges: bytes) and disable compression",
    );
  }
  if (status !== 206) {
    const Failure = status === PRECONDITION_FAILED
      ? ChangedFailure
      : FinalFailure;
    throw new Failure(
      `the server answered ${await answeredStatus(answer)}, expected 206`,
    );
  }
  const encoding = headers.get("content-encoding") ?? "";
  if (encoding.split(",").every((it) => PLAIN.has(it.trim().toLowerCase()))) {
    return;
  }
  throw new FinalFailure(
    `the server answered Content-Encoding ${encoding}, expected no encoding: ` +
      "disable compression for this file",
  );
}

/** Returns the failure for a Content-Range other than the one `expected`. */
export function wrongContentRange(
  { headers, type }: Response,
  expected: string,
): FinalFailure {
  const found = headers.get("content-range");
  const hidden = found === null && type === "cors"
    ? ": a browser hides it from other origins, unless the server sends " +
      "Access-Control-Expose-Headers: Content-Range, ETag"
    : "";
  return new FinalFailure(
    `the server answered Content-Range ${JSON.stringify(found)}, ` +
      `expected ${expected}${hidden}`,
  );
}
