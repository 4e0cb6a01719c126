import type { ByteRange } from "../../format/bytes/mod.ts";
import { linuxIfAny } from "./system_calls.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** Behind so many ranges the rest counts as one: their list has a bound. */
const RANGES_MAX = 0x10000;

/**
 * The parts of an open file that are not holes, in order. Undefined where the
 * platform does not tell. It moves the position of the descriptor.
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
      // No data from here on, or no answer: a hole is known to start here.
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
