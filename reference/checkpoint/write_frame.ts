import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { fileData } from "../system/mod.ts";
import { diskData, frameRanges } from "../packing/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";
import { DifferenceWriter } from "./difference_writer.ts";

/** Bytes that are compared together: blocks of most file systems. */
const UNIT = 4096;

/**
 * Writes what a snapshot has besides pages, as far as it differs from what the
 * base has there: headers, bitmaps, device state. Returns how many bytes those
 * are.
 */
export async function writeFrame(
  snapshot: Snapshot,
  sink: ByteSink,
  { base, byteLength, signal }: ReadOptions & {
    readonly base: Snapshot;
    /** Length of the file. */
    readonly byteLength: number;
  },
): Promise<number> {
  let written = 0;
  const pace = new Pace(signal);
  const { byteLength: baseLength } = base.source;
  const writer = new DifferenceWriter({
    sink,
    unit: UNIT,
    async readBase(target, offset) {
      const inside = Math.max(0, Math.min(target.length, baseLength - offset));
      target.fill(0, inside);
      if (inside === 0) return;
      const part = target.subarray(0, inside);
      await base.source.readInto(part, offset, { signal });
    },
    onWrite: (length) => written += length,
  });
  const buffer = new Uint8Array(CHUNK);
  for (const { offset, length } of await frameData(snapshot, base, signal)) {
    const end = Math.min(byteLength, offset + length);
    for (let at = offset; at < end; at += buffer.length) {
      const bytes = buffer.subarray(0, end - at);
      await snapshot.source.readInto(bytes, at, { signal });
      await writer.write(bytes, at);
      await pace.step();
    }
  }
  return written;
}

/**
 * Returns the parts of the frame of a snapshot that may hold data in it or in
 * the base, which may also have holes of any length there.
 */
async function frameData(
  snapshot: Snapshot,
  base: Snapshot,
  signal: AbortSignal | undefined,
): Promise<ByteRange[]> {
  const parts: ByteRange[] = [];
  for (const { source } of [snapshot, base]) {
    const dataRanges = fileData(source);
    for (const range of frameRanges(snapshot)) {
      const data = diskData(source, { ...range, dataRanges, signal });
      for await (const part of data) parts.push(part);
    }
  }
  const joined: ByteRange[] = [];
  for (const part of parts.toSorted((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1);
    if (last === undefined || rangeEnd(last) < part.offset) joined.push(part);
    else {
      const end = Math.max(rangeEnd(last), rangeEnd(part));
      joined[joined.length - 1] = { ...last, length: end - last.offset };
    }
  }
  return joined;
}
