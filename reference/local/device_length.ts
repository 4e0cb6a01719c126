/**
 * Returns the size of a block device, which `stat` does not report: the end of
 * what can be read, found with about eighty reads of one byte. `reads` tells
 * whether there is a byte at a position.
 */
export function deviceLength(reads: (offset: number) => boolean): number {
  let end = 1;
  while (end < Number.MAX_SAFE_INTEGER && reads(end - 1)) end *= 2;
  let start = Math.floor(end / 2);
  // There is a byte before `start`, and none at or after `end`.
  while (start < end) {
    const middle = start + Math.floor((end - start) / 2);
    if (reads(middle)) start = middle + 1;
    else end = middle;
  }
  return start;
}

/**
 * Whether a read failed because the position is past the end, or cannot be
 * addressed.
 */
export function isBehindEnd(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "EINVAL" || code === "EOVERFLOW";
}
