import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import type { SourceReadOptions, TakeBytes } from "../sources/mod.ts";
import type { Part } from "./disk_plan.ts";

/** Bytes of the disk that are read together; two such batches are in memory. */
const BATCH = 0x400000;

/** Options of {@linkcode streamDisk}. */
export interface StreamDiskOptions extends SourceReadOptions {
  /** Fills the parts of a batch. */
  readonly fill: (parts: readonly Part[]) => Promise<void>;
}

/** A part of a batch, and the range that it belongs to. */
interface BatchPart extends Part {
  readonly index: number;
}

/**
 * Passes on the bytes of ranges of a disk in order, in batches: while one is
 * passed on, the next is read.
 */
export async function streamDisk(
  ranges: readonly ByteRange[],
  take: TakeBytes,
  { fill, signal }: StreamDiskOptions,
): Promise<void> {
  const start = (parts: readonly BatchPart[]) => {
    const filled = fill(parts);
    // A failure is reported when the batch is awaited.
    filled.catch(() => {});
    return { parts, filled };
  };
  const batches = batchesOf(ranges);
  for (let batch = startNext(batches, start); batch !== undefined;) {
    const { parts, filled } = batch;
    await filled;
    const next = startNext(batches, start);
    try {
      for (const { target, offset, index } of parts) {
        signal?.throwIfAborted();
        await take(target, { offset, index });
      }
    } catch (error) {
      await next?.filled.catch(() => {});
      throw error;
    }
    batch = next;
  }
}

function startNext<T>(
  batches: Iterator<readonly BatchPart[]>,
  start: (parts: readonly BatchPart[]) => T,
): T | undefined {
  const { done, value } = batches.next();
  return done ? undefined : start(value);
}

/** Splits ranges into batches, each in one buffer. */
function* batchesOf(
  ranges: readonly ByteRange[],
): Generator<readonly BatchPart[]> {
  let places: { readonly index: number; readonly range: ByteRange }[] = [];
  let room = BATCH;
  for (const [index, range] of ranges.entries()) {
    for (let offset = range.offset; offset < rangeEnd(range);) {
      const length = Math.min(room, rangeEnd(range) - offset);
      places.push({ index, range: { offset, length } });
      offset += length;
      room -= length;
      if (room > 0) continue;
      yield partsOf(places);
      places = [];
      room = BATCH;
    }
  }
  if (places.length > 0) yield partsOf(places);
}

function partsOf(
  places: readonly { readonly index: number; readonly range: ByteRange }[],
): BatchPart[] {
  const total = places.reduce((sum, { range }) => sum + range.length, 0);
  const buffer = new Uint8Array(total);
  let at = 0;
  return places.map(({ index, range: { offset, length } }) => {
    const target = buffer.subarray(at, at + length);
    at += length;
    return { index, offset, target };
  });
}
