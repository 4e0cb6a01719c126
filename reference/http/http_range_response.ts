/**
 * What a server may answer to a request for ranges, and what it may not.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import type { BodyPart } from "./http_answer.ts";
import { FinalFailure } from "./request_failure.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** The value of a Range header. */
export function rangeHeader(ranges: readonly ByteRange[]): string {
  const specs = ranges.map((range) => `${range.offset}-${rangeEnd(range) - 1}`);
  return `bytes=${specs.join(",")}`;
}

/** A Content-Range: `bytes 0-99/1000`, or the size alone: `bytes *` with a slash and the size. */
export interface ContentRange {
  /** The range; undefined for one that says the size alone. */
  readonly range: ByteRange | undefined;
  /** Size of the whole file; undefined if the server does not tell. */
  readonly total: number | undefined;
}

/**
 * Parses a Content-Range; undefined if it is none, or one that cannot be: which
 * ends before it starts or behind the end of the file (RFC 9110, 14.4).
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

/** The Content-Range of a response, as {@linkcode parseContentRange} reads it. */
export function contentRangeOf(
  { headers }: Response,
): ContentRange | undefined {
  return parseContentRange(headers.get("content-range"));
}

/** Most bytes before the range that was asked for that are read and dropped. */
const SKIP_MAX = 0x1000000;

/**
 * What of a body that has the range `found` is of the range `wanted`, from its
 * first byte on; undefined if that is nothing. A server may answer with a part
 * of what it was asked for (RFC 9110, 15.3.7), or with whole blocks around it.
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

/** `404 Not Found`. */
export function describeStatus(response: Response): string {
  return `${response.status} ${response.statusText}`.trim();
}

/**
 * Codings that leave a file as it is. S3 says that of the last upload, of which
 * it keeps what was in the chunks: `aws-chunked`, or nothing.
 */
const PLAIN: ReadonlySet<string> = new Set(["", "identity", "aws-chunked"]);

/**
 * Refuses every answer but 206 of the file as it is.
 *
 * @throws {FinalFailure} with what to change on the server
 */
export function checkPartial(response: Response): void {
  const { status, headers } = response;
  if (status === 200) {
    throw new FinalFailure(
      "the server answered 200 with the whole file, expected 206: switch on " +
        "Range requests for it (Accept-Ranges: bytes) and compression off",
    );
  }
  if (status !== 206) {
    throw new FinalFailure(
      `the server answered ${describeStatus(response)}, expected 206`,
    );
  }
  const encoding = headers.get("content-encoding") ?? "";
  if (encoding.split(",").every((it) => PLAIN.has(it.trim().toLowerCase()))) {
    return;
  }
  throw new FinalFailure(
    `the server answered Content-Encoding ${encoding}, expected the file ` +
      "as it is: switch compression off for it",
  );
}

/** The failure of an answer whose Content-Range is not what was `expected`. */
export function wrongContentRange(
  { headers }: Response,
  expected: string,
): FinalFailure {
  const found = JSON.stringify(headers.get("content-range"));
  return new FinalFailure(
    `the server answered Content-Range ${found}, expected ${expected}`,
  );
}
