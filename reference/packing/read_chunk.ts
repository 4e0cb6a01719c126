import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { GRANULE } from "./pack_plan.ts";

/** Granules between wanted ones that are read rather than skipped. */
const GAP = 8;

/** Bytes to be read from a position of a source. */
interface ChunkRead {
  readonly target: Uint8Array;
  readonly offset: number;
}

/**
 * Yields the reads that fill `target` with a part of a source from `start` on,
 * and zeros what no read fills: granules that are not wanted, and what is past
 * the end of the source.
 */
export function* readChunk(
  target: Uint8Array,
  start: number,
  { wanted, byteLength }: {
    readonly wanted: PageBitmap;
    /** Length of the source. */
    readonly byteLength: number;
  },
): Generator<ChunkRead> {
  const first = start / GRANULE;
  const end = Math.min(wanted.pageCount, first + target.length / GRANULE);
  const zero = (from: number, to: number) =>
    target.fill(0, (from - first) * GRANULE, (to - first) * GRANULE);
  let done = first;
  while (done < end) {
    const from = wanted.nextSet(done, end);
    zero(done, from);
    let to = wanted.nextClear(from, end);
    for (;;) {
      const next = wanted.nextSet(to, end);
      if (next === end || next - to > GAP) break;
      to = wanted.nextClear(next, end);
    }
    if (from < to) {
      const offset = from * GRANULE;
      const length = Math.min(to * GRANULE, byteLength) - offset;
      const at = offset - start;
      yield { offset, target: target.subarray(at, at + length) };
      // Granules that are not wanted were read with those around them.
      for (let it = wanted.nextClear(from, to); it < to;) {
        const next = wanted.nextSet(it, to);
        zero(it, next);
        it = wanted.nextClear(next, to);
      }
    }
    done = to;
  }
  const filled = Math.min(end * GRANULE, byteLength) - start;
  target.fill(0, Math.max(0, filled));
}
