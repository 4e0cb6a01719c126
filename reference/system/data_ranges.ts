import type { ByteRange } from "../../format/bytes/mod.ts";
import { linuxIfAny } from "./system_calls.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** Maximum ranges in the list; the rest of the file counts as the last one. */
const RANGES_MAX = 0x10000;

/**
 * Returns the parts of an open file that are not holes, in order; undefined if
 * the platform cannot tell. Changes the file position of the descriptor.
 */
export function dataRanges(
  fd: number,
  byteLength: number,
): ByteRange[] | undefined {
  const call = linuxIfAny()?.call;
  if (call === undefined) return undefined;
  const ranges: ByteRange[] = [];
  for (let from = 0; from < byteLength;) {
    const offset = call.lseek(fd, from, SEEK_DATA);
    if (offset < 0) {
      // No data from here on, if a hole starts here; otherwise the call failed.
      if (call.lseek(fd, from, SEEK_HOLE) === from) return ranges;
      ranges.push({ offset: from, length: byteLength - from });
      return ranges;
    }
    const hole = call.lseek(fd, offset, SEEK_HOLE);
    const isLast = hole <= offset || ranges.length === RANGES_MAX - 1;
    const end = isLast ? byteLength : Math.min(hole, byteLength);
    if (end > offset) ranges.push({ offset, length: end - offset });
    from = end;
  }
  return ranges;
}
