import type { PageRun } from "../../format/bitmap/mod.ts";

/** The fast comparison of bytes of Deno, Bun and Node; a browser has none. */
const { Buffer: nodeBuffer } = globalThis as {
  readonly Buffer?: {
    compare(one: Uint8Array, other: Uint8Array): number;
  };
};

/** Whether the bytes of two arrays are the same. */
export const isSame: (one: Uint8Array, other: Uint8Array) => boolean =
  nodeBuffer === undefined
    ? isSameByLoop
    : (one, other) => nodeBuffer.compare(one, other) === 0;

/** Does the same in any runtime. */
export function isSameByLoop(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}

/** Pages that are compared together first. */
const GROUP = 16;

/**
 * Yields the maximal runs of pages that differ between two arrays of the same
 * length, in order. The last page may be shorter.
 */
export function* differentPages(
  one: Uint8Array,
  other: Uint8Array,
  pageSize: number,
): Generator<PageRun> {
  // Most pages of two snapshots of a guest are the same.
  if (isSame(one, other)) return;
  const isSamePart = (page: number, count: number) => {
    const start = page * pageSize;
    const end = start + count * pageSize;
    return isSame(one.subarray(start, end), other.subarray(start, end));
  };
  const pageCount = Math.ceil(one.length / pageSize);
  let first = 0;
  for (let page = 0; page < pageCount;) {
    // Single calls for single pages would take longer than to compare them.
    const count = page % GROUP === 0 && isSamePart(page, GROUP) ? GROUP : 1;
    if (count === GROUP || isSamePart(page, 1)) {
      if (first < page) yield { first, end: page };
      first = page + count;
    }
    page += count;
  }
  if (first < pageCount) yield { first, end: pageCount };
}
