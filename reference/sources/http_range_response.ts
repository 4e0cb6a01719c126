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

/** The boundary of a multipart/byteranges body; undefined if it is another. */
export function multipartBoundary(contentType: string): string | undefined {
  const match = /^multipart\/byteranges\s*;\s*boundary="?([^";]+)"?/i.exec(
    contentType,
  );
  return match?.[1];
}

/** A part of a multipart/byteranges body. */
export interface RangePart {
  /** The bytes, a view of the body. */
  readonly bytes: Uint8Array;
  /** What its Content-Range says. */
  readonly contentRange: ContentRange & { readonly range: ByteRange };
}

/** Splits a multipart/byteranges body; undefined if it is not well formed. */
export function splitMultipart(
  body: Uint8Array,
  boundary: string,
): RangePart[] | undefined {
  const parts: RangePart[] = [];
  // Headers are ASCII; one char a byte keeps positions.
  const latin1 = new TextDecoder("latin1");
  let position = 0;
  for (;;) {
    const headEnd = findHeadEnd(body, position);
    if (headEnd === undefined) {
      const rest = latin1.decode(body.subarray(position)).trim();
      return rest === `--${boundary}--` ? parts : undefined;
    }
    const head = latin1.decode(body.subarray(position, headEnd));
    const [delimiter, ...fields] = head.trim().split(/\r?\n/);
    const field = fields.find((it) => /^content-range:/i.test(it));
    const contentRange = parseContentRange(
      field?.replace(/^content-range:\s*/i, "").trim() ?? null,
    );
    const range = contentRange?.range;
    if (delimiter !== `--${boundary}` || range === undefined) return undefined;
    const end = headEnd + range.length;
    if (end > body.length) return undefined;
    parts.push({
      bytes: body.subarray(headEnd, end),
      contentRange: { range, total: contentRange?.total },
    });
    position = end;
  }
}

/** The position behind the empty line that ends a part's headers. */
function findHeadEnd(body: Uint8Array, from: number): number | undefined {
  for (
    let at = body.indexOf(0x0a, from);
    at >= 0;
    at = body.indexOf(0x0a, at + 1)
  ) {
    if (body[at + 1] === 0x0d && body[at + 2] === 0x0a) return at + 3;
    if (body[at + 1] === 0x0a) return at + 2;
    if (at - from > 0x1000) return undefined;
  }
  return undefined;
}
