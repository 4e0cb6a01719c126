import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";

/** A gap up to this length transfers faster than another request would. */
const GAP_MAX = 0x10000;

/** Joins ranges that overlap or have only a short gap between them. */
export function joinNear(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: { offset: number; length: number }[] = [];
  const inOrder = ranges.filter(({ length }) => length > 0)
    .sort((a, b) => a.offset - b.offset);
  for (const range of inOrder) {
    const last = joined.at(-1);
    if (last !== undefined && range.offset - rangeEnd(last) <= GAP_MAX) {
      const end = Math.max(rangeEnd(last), rangeEnd(range));
      last.length = end - last.offset;
    } else joined.push({ ...range });
  }
  return joined;
}
