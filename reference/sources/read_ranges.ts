import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { CHUNK, PARALLEL_CHUNK } from "../work/mod.ts";
import type {
  ByteSource,
  SourceReadOptions,
  TakeBytes,
} from "./byte_source.ts";

/** Options of {@linkcode readRanges}. */
export interface ReadRangesOptions extends SourceReadOptions {
  /** Receives the bytes. */
  readonly take: TakeBytes;
}

/**
 * Reads several ranges of a source and passes their bytes to `take`, one piece
 * at a time, those of one range in order. A remote source combines ranges in
 * one request and may pass a piece again: the last one counts. Other sources
 * are read in pieces of a few hundred KiB.
 *
 * @throws {SourceError} if a range cannot be read
 *
 * @example
 * ```ts
 * import { memorySource, readRanges } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const source = memorySource(new Uint8Array([0, 1, 2, 3, 4, 5]));
 * const ranges = [{ offset: 4, length: 2 }, { offset: 1, length: 1 }];
 * const found: number[] = [];
 * await readRanges(source, ranges, {
 *   take: async (bytes) => void found.push(...bytes),
 * });
 * assert.deepEqual(found, [4, 5, 1]);
 * ```
 */
export async function readRanges(
  source: ByteSource,
  ranges: readonly ByteRange[],
  { take, ...options }: ReadRangesOptions,
): Promise<void> {
  if (source.streamRanges !== undefined) {
    return await source.streamRanges(ranges, take, options);
  }
  const longest = ranges.reduce((max, it) => Math.max(max, it.length), 0);
  const isSlow = (source.parallelReads ?? 1) > 1;
  const chunk = isSlow ? PARALLEL_CHUNK : CHUNK;
  const buffer = new Uint8Array(Math.min(chunk, longest));
  for (const [index, range] of ranges.entries()) {
    for (let at = range.offset; at < rangeEnd(range); at += buffer.length) {
      const bytes = buffer.subarray(0, rangeEnd(range) - at);
      await source.readInto(bytes, at, options);
      await take(bytes, { offset: at, index });
    }
  }
}
