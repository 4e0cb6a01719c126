/**
 * What a server may answer to a request for ranges, and what it may not.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "../../format/mod.ts";

const MAX = Number.MAX_SAFE_INTEGER;

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

/** The value of a Range header. */
export function rangeHeader(ranges: readonly ByteRange[]): string {
  const specs = ranges.map((range) => `${range.offset}-${rangeEnd(range) - 1}`);
  return `bytes=${specs.join(",")}`;
}
