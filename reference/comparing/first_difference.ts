import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";

/** Bytes that are compared at a time. */
const PIECE = 0x40000;

/** A range of a source. */
export interface SourceRange extends ByteRange {
  readonly source: ByteSource;
}

/**
 * Returns the position in two ranges of the first byte that differs; undefined
 * if they have the same bytes. A range that ends before the other differs there.
 */
export async function firstDifference(
  a: SourceRange,
  b: SourceRange,
  { signal }: ReadOptions,
): Promise<number | undefined> {
  const common = Math.min(a.length, b.length);
  const one = new Uint8Array(Math.min(PIECE, common));
  const other = new Uint8Array(one.length);
  const pace = new Pace(signal);
  for (let done = 0; done < common; done += PIECE) {
    const length = Math.min(PIECE, common - done);
    const [bytes, others] = [one, other].map((it) => it.subarray(0, length));
    await a.source.readInto(bytes, a.offset + done, { signal });
    await b.source.readInto(others, b.offset + done, { signal });
    const at = bytes.findIndex((byte, index) => byte !== others[index]);
    if (at >= 0) return done + at;
    await pace.step();
  }
  return a.length === b.length ? undefined : common;
}
