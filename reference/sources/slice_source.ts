import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, SyncByteSource } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";

/** Makes a source over a range of another source. */
export function sliceSource(source: ByteSource, range: ByteRange): ByteSource {
  const { name } = source;
  const { offset: start, length: byteLength } = range;
  checkRange(source, start, byteLength);
  return {
    name,
    byteLength,
    parallelReads: source.parallelReads,
    checkUnchanged: source.checkUnchanged?.bind(source),
    streamRanges: source.streamRanges &&
      (async (ranges, take, options) => {
        for (const { offset, length } of ranges) {
          checkRange({ name, byteLength }, offset, length);
        }
        await source.streamRanges?.(
          ranges.map((it) => ({ ...it, offset: start + it.offset })),
          (bytes, { offset, index }) =>
            take(bytes, { offset: offset - start, index }),
          { signal: options?.signal, background: options?.background },
        );
      }),
    async readInto(target, offset, options) {
      checkRange({ name, byteLength }, offset, target.length);
      await source.readInto(target, start + offset, {
        signal: options?.signal,
        background: options?.background,
      });
    },
  };
}

/** Makes the synchronous form. */
export function sliceSourceSync(
  source: SyncByteSource,
  range: ByteRange,
): SyncByteSource {
  const slice = sliceSource(source, range);
  return {
    ...slice,
    readIntoSync(target, offset) {
      checkRange(slice, offset, target.length);
      source.readIntoSync(target, range.offset + offset);
    },
  };
}
