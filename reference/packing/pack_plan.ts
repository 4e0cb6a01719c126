import { alignUp, type PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { sharedBitmap } from "../pages/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import type { PackedTables } from "./chunk_placer.ts";
import type { PackOptions } from "./pack_options.ts";

/** Bytes that are packed or left out together. */
export const GRANULE = 4096;
/** Minimum bytes that are packed at a time. */
const CHUNK_MIN = 0x100000;
/** The disk of an image is a whole number of sectors. */
const SECTOR = 512;
const CLUSTER_BITS_MIN = 12;
const CLUSTER_BITS_MAX = 21;
/** Maximum bytes of an L1 table that QEMU reads. */
const L1_LENGTH_MAX = 0x2000000;

/**
 * Maximum length of a source, 128 TiB: what is packed of it is kept in a bitmap
 * of 4 GiB. A sparse file can be longer, and take no space.
 */
const LENGTH_MAX = 2 ** 47;

/** Sizes in a new image. */
export interface PackGeometry {
  readonly diskLength: number;
  readonly clusterBits: number;
  readonly clusterSize: number;
  /** Number of clusters of the disk. */
  readonly clusterCount: number;
  /** Bytes that are packed at a time, inside one L2 table. */
  readonly chunkLength: number;
  readonly l1Count: number;
}

/**
 * Returns log2 of the length of a cluster.
 *
 * @throws {RangeError} if it is not a power of two from 4 KiB to 2 MiB
 */
export function checkClusterSize(clusterSize: number): number {
  const clusterBits = Math.log2(clusterSize);
  const isRight = Number.isInteger(clusterBits) &&
    clusterBits >= CLUSTER_BITS_MIN && clusterBits <= CLUSTER_BITS_MAX;
  if (isRight) return clusterBits;
  throw new RangeError(
    `Cannot use clusters of ${clusterSize} bytes: expected a power of two ` +
      `from ${2 ** CLUSTER_BITS_MIN} to ${2 ** CLUSTER_BITS_MAX}`,
  );
}

/** Returns the sizes in a new image of a source. */
export function packGeometry(
  { name, byteLength }: ByteSource,
  { clusterSize = 0x10000 }: Pick<PackOptions, "clusterSize">,
): PackGeometry {
  const clusterBits = checkClusterSize(clusterSize);
  if (byteLength > LENGTH_MAX) {
    throw new RangeError(
      `Cannot pack ${JSON.stringify(name)}: it has ${byteLength} bytes, ` +
        `expected at most ${LENGTH_MAX}`,
    );
  }
  const diskLength = alignUp(byteLength, SECTOR);
  const clusterCount = Math.ceil(diskLength / clusterSize);
  const l1Count = Math.ceil(clusterCount / (clusterSize / 8));
  if (l1Count * 8 > L1_LENGTH_MAX) {
    throw new RangeError(
      `Cannot pack ${JSON.stringify(name)}: ${byteLength} bytes are too many ` +
        `for clusters of ${clusterSize} bytes, expected larger ones`,
    );
  }
  const chunkLength = Math.max(CHUNK_MIN, clusterSize);
  return {
    diskLength,
    clusterBits,
    clusterSize,
    clusterCount,
    chunkLength,
    l1Count,
  };
}

/** Returns the granules of a source that ranges touch, in shared memory. */
export async function wantedGranules(
  byteLength: number,
  ranges: PackOptions["dataRanges"],
): Promise<PageBitmap> {
  const count = Math.ceil(byteLength / GRANULE);
  const wanted = sharedBitmap(count);
  const all: readonly ByteRange[] = [{ offset: 0, length: byteLength }];
  for await (const { offset, length } of ranges ?? all) {
    const end = Math.min(count, Math.ceil((offset + length) / GRANULE));
    for (let it = Math.floor(offset / GRANULE); it < end;) {
      // Whole bytes at once: most ranges are long.
      if (it % 8 === 0 && end - it >= 8) {
        const bytes = Math.floor((end - it) / 8);
        wanted.bytes.fill(0xff, it / 8, it / 8 + bytes);
        it += bytes * 8;
      } else wanted.set(it++);
    }
  }
  return wanted;
}

/** Returns the chunks that hold wanted granules, or changed clusters. */
export function chunksToPack(
  geometry: PackGeometry,
  wanted: PageBitmap,
  changed: PageBitmap | undefined,
): Uint32Array {
  const { chunkLength, clusterSize, clusterCount } = geometry;
  const bits = changed ?? wanted;
  const perChunk = chunkLength /
    (changed === undefined ? GRANULE : clusterSize);
  const end = changed === undefined ? wanted.pageCount : clusterCount;
  const chunks: number[] = [];
  for (let at = bits.nextSet(0, end); at < end;) {
    const chunk = Math.floor(at / perChunk);
    chunks.push(chunk);
    at = bits.nextSet(Math.min(end, (chunk + 1) * perChunk), end);
  }
  return Uint32Array.from(chunks);
}

/** Places the L1 table and the L2 tables of the chunks, after the header. */
export function planTables(
  geometry: PackGeometry,
  chunks: Uint32Array,
): PackedTables {
  const { clusterBits, clusterSize, chunkLength, l1Count } = geometry;
  const perTable = clusterSize * clusterSize / 8;
  const l2Offsets = new Float64Array(shared(l1Count * 8));
  let end = clusterSize + alignUp(l1Count * 8, clusterSize);
  for (const chunk of chunks) {
    const index = Math.floor(chunk * chunkLength / perTable);
    if (l2Offsets[index] !== 0) continue;
    l2Offsets[index] = end;
    end += clusterSize;
  }
  // Enough if no cluster becomes smaller, and if each chunk leaves a cluster
  // that is not full.
  const perChunk = chunkLength / clusterSize + 1;
  const most = end / clusterSize + chunks.length * perChunk;
  const counts = new Uint16Array(shared(most * 2));
  counts.fill(1, 0, end / clusterSize);
  const space = new Float64Array(shared(16));
  space.fill(end);
  return { clusterBits, l2Offsets, counts, space };
}

/** Memory that lanes share, if the runtime has any. */
function shared(byteLength: number): ArrayBuffer | SharedArrayBuffer {
  return typeof SharedArrayBuffer === "undefined"
    ? new ArrayBuffer(byteLength)
    : new SharedArrayBuffer(byteLength);
}
