import type { PageBuffer } from "../pages/mod.ts";
import { HOLE } from "./unpack_task.ts";

/** Yields the parts of a buffer's first bytes that are not zero. */
export function* dataRuns(
  buffer: PageBuffer,
  length: number,
): Generator<{ readonly bytes: Uint8Array; readonly start: number }> {
  const count = Math.ceil(length / HOLE);
  // What an earlier chunk left in the last page.
  buffer.bytes.fill(0, length, count * HOLE);
  for (const { first, end } of buffer.nonZeroPages(HOLE, count).runs()) {
    const start = first * HOLE;
    const bytes = buffer.bytes.subarray(start, Math.min(length, end * HOLE));
    yield { bytes, start };
  }
}
