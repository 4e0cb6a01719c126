import { PageBitmap } from "../../format/bitmap/mod.ts";
import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { isQcow2Source } from "../qcow2/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** Options of finding data. */
interface DiskDataOptions extends Partial<ByteRange>, ReadOptions {
  /**
   * The parts that are not holes, in order, if the disk is a plain file of which
   * they are known.
   */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
}

/**
 * Yields the parts of a range of a disk that may hold data, in order; the rest
 * is zero. Only tables are read.
 */
export async function* diskData(
  disk: ByteSource,
  { offset = 0, length = disk.byteLength - offset, dataRanges, signal }:
    DiskDataOptions = {},
): AsyncGenerator<ByteRange> {
  if (!isQcow2Source(disk)) {
    const inside = Math.min(length, disk.byteLength - offset);
    yield* partsOf(dataRanges ?? [{ offset, length: inside }], {
      offset,
      length: inside,
    });
    return;
  }
  const { backing } = disk;
  const end = Math.min(offset + length, disk.byteLength);
  for (let at = offset; at < end;) {
    const { kind, length } = await disk.extent(at, end - at, { signal });
    if (kind === "data" || kind === "compressed") yield { offset: at, length };
    else if (kind === "absent" && backing !== undefined) {
      yield* diskData(backing, { offset: at, length, signal });
    }
    at += length;
  }
}

/** Yields the parts of ranges that are inside another one. */
function* partsOf(
  ranges: Iterable<ByteRange>,
  inside: ByteRange,
): Generator<ByteRange> {
  for (const range of ranges) {
    const offset = Math.max(range.offset, inside.offset);
    const length = Math.min(rangeEnd(range), rangeEnd(inside)) - offset;
    if (length > 0) yield { offset, length };
  }
}

/**
 * Returns a bitmap of the chunks of the first `byteLength` bytes of a disk, with
 * those set that may hold data.
 */
export async function dataChunks(
  disk: ByteSource,
  { byteLength, chunkLength, signal }: ReadOptions & {
    readonly byteLength: number;
    readonly chunkLength: number;
  },
): Promise<PageBitmap> {
  const chunks = new PageBitmap(Math.ceil(byteLength / chunkLength));
  const inside = Math.min(byteLength, disk.byteLength);
  const ranges = diskData(disk, { length: inside, signal });
  for await (const { offset, length } of ranges) {
    const end = Math.ceil((offset + length) / chunkLength);
    for (let it = Math.floor(offset / chunkLength); it < end; it++) {
      chunks.set(it);
    }
  }
  return chunks;
}
