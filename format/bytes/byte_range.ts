/** A range of bytes of a file: `offset` and `length` in bytes. */
export interface ByteRange {
  /** Position of the first byte. */
  readonly offset: number;
  /** How many bytes. */
  readonly length: number;
}

/** The position just behind a range. */
export function rangeEnd(range: ByteRange): number {
  return range.offset + range.length;
}
