/**
 * The size of a block device, which `stat` does not tell: up to where it can be
 * read, found in some eighty reads of a byte. `reads` tells whether there is a
 * byte at a position.
 */
export function deviceLength(reads: (offset: number) => boolean): number {
  let end = 1;
  while (end < Number.MAX_SAFE_INTEGER && reads(end - 1)) end *= 2;
  let start = Math.floor(end / 2);
  // There is a byte before `start`, and none at `end` or behind it.
  while (start < end) {
    const middle = start + Math.floor((end - start) / 2);
    if (reads(middle)) start = middle + 1;
    else end = middle;
  }
  return start;
}

/** Whether a read failed since there is no byte, or no way to ask for one. */
export function isBehindEnd(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "EINVAL" || code === "EOVERFLOW";
}
