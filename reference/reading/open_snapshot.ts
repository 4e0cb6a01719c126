import {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
} from "../../format/bitmap/mod.ts";
import { indexSnapshot } from "../../format/snapshot/mod.ts";
import {
  type ByteSource,
  drive,
  driveSync,
  type ReadOptions,
  type SyncByteSource,
} from "../sources/mod.ts";
import {
  makeSnapshot,
  makeSyncSnapshot,
  type Snapshot,
  type SyncSnapshot,
} from "./snapshot.ts";

/** Options of opening a snapshot. */
export interface OpenOptions {
  /**
   * Byte offset of the stream in the source. Default: after the header of a
   * libvirt save image if the source is one, else 0.
   */
  readonly offset?: number | undefined;
  /**
   * Byte order of the words of the bitmaps: that of the host that saved the
   * snapshot, which the file does not contain. Default: `"little"`.
   */
  readonly bitmapByteOrder?: BitmapOrder["byteOrder"] | undefined;
  /** Bytes of a bitmap word: 4 if saved by a 32-bit host. Default: 8. */
  readonly bitmapWordSize?: BitmapOrder["wordSize"] | undefined;
}

/** Returns the order of bitmap words that the options select. */
export function bitmapOrderOf(options: OpenOptions): BitmapOrder {
  return {
    byteOrder: options.bitmapByteOrder ?? DEFAULT_BITMAP_ORDER.byteOrder,
    wordSize: options.bitmapWordSize ?? DEFAULT_BITMAP_ORDER.wordSize,
  };
}

/** Returns the options of a walk; checks the offset. */
export function indexOptionsOf(
  options: OpenOptions,
): { readonly offset: number | undefined; readonly bitmapOrder: BitmapOrder } {
  const { offset } = options;
  if (offset !== undefined && (!Number.isSafeInteger(offset) || offset < 0)) {
    throw new RangeError(
      `Cannot open a snapshot: offset is ${offset}, ` +
        "expected a whole number from 0",
    );
  }
  return { offset, bitmapOrder: bitmapOrderOf(options) };
}

/**
 * Opens a snapshot: reads its headers up to the end of the RAM section, but no
 * pages, bitmaps, or device state. The number of reads depends on the number of
 * RAMBlocks, not on their size.
 *
 * @throws {FormatError} if the file breaks a rule
 * @throws {UnsupportedError} if it needs another reader
 * @throws {SourceError} if it cannot be read
 *
 * @example
 * ```ts
 * import {
 *   blobSource,
 *   memorySink,
 *   memorySource,
 *   openSnapshot,
 *   saveSnapshot,
 * } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const sink = memorySink();
 * const ram = memorySource(new Uint8Array(0x4000).fill(7, 0x1000, 0x2000));
 * await saveSnapshot(sink, [{ idstr: "ram", source: ram }]);
 *
 * const blob = new Blob([sink.bytes()]);
 * const snapshot = await openSnapshot(blobSource(blob));
 * const block = snapshot.block("ram");
 * assert.equal(await block.hasPage(0), false);
 * assert.equal((await block.readPage(1))[0], 7);
 * ```
 */
export async function openSnapshot(
  source: ByteSource,
  options: OpenOptions & ReadOptions = {},
): Promise<Snapshot> {
  const indexOptions = indexOptionsOf(options);
  const walk = indexSnapshot(source, indexOptions);
  const index = await drive(walk, source, options);
  return makeSnapshot(source, index, indexOptions.bitmapOrder);
}

/**
 * Opens a snapshot as {@linkcode openSnapshot} does, synchronously. The blocks
 * have both asynchronous methods and `…Sync` variants; the latter read a page
 * of a cached file in 1 µs.
 */
export function openSnapshotSync(
  source: SyncByteSource,
  options: OpenOptions = {},
): SyncSnapshot {
  const indexOptions = indexOptionsOf(options);
  const walk = indexSnapshot(source, indexOptions);
  const index = driveSync(walk, source);
  return makeSyncSnapshot(source, index, indexOptions.bitmapOrder);
}
