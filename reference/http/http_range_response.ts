/**
 * What a server may answer to a request for ranges, and what it may not.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "../../format/mod.ts";

/** A Content-Range: `bytes 0-99/1000`, or the size alone: `bytes *` with a slash and the size. */
export interface ContentRange {
  /** The range; undefined for one that says the size alone. */
  readonly range: ByteRange | undefined;
  /** Size of the whole file; undefined if the server does not tell. */
  readonly total: number | undefined;
}

/** Parses a Content-Range; undefined if it is none. */
export function parseContentRange(
  value: string | null,
): ContentRange | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/.exec(value ?? "");
  if (match === null) return undefined;
  const [, first, last, size] = match;
  const total = size === undefined ? undefined : Number(size);
  if (first === undefined) return { range: undefined, total };
  const offset = Number(first);
  return { range: { offset, length: Number(last) - offset + 1 }, total };
}

/** The value of a Range header. */
export function rangeHeader(ranges: readonly ByteRange[]): string {
  const specs = ranges.map((range) => `${range.offset}-${rangeEnd(range) - 1}`);
  return `bytes=${specs.join(",")}`;
}
