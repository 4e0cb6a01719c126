/** A range of bytes of a file: `offset` and `length` in bytes. */
export interface ByteRange {
  /** Position of the first byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** Returns the position after the last byte of a range. */
export function rangeEnd(range: ByteRange): number {
  return range.offset + range.length;
}
