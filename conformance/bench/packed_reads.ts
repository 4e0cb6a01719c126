import { closeSync, openSync, readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { openFileSource, type SyncByteSource } from "../../mod.ts";
import { openQcow2, openQcow2Sync } from "../../reference/doors/convert.ts";
import { PAGE_SIZE, randomNumbers } from "./guest_memory.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const CLUSTER = 0x10000;
const SECTOR = 512;
const PIECE = 0x100000;
const ROUNDS = 7;
/** Clusters of the pages that are kept: 1 MiB. */
const KEPT = 16;
const READS = 20_000;

/** A compressed cluster in an image. */
interface Packed {
  /** Where it is on the disk. */
  readonly at: number;
  readonly offset: number;
  readonly length: number;
}

/** The files that are compared. */
interface Files {
  readonly plain: string;
  readonly image: string;
}

/** Measures reads of an image beside unpacking its clusters. */
export async function benchPackedReads(files: Files): Promise<void> {
  const clusters = await packedClusters(files.image);
  console.log(
    `pack: pages of 4 KiB of ${clusters.length} packed clusters, cached`,
  );
  await firstPages(files, clusters);
  await otherPages(files, clusters);
  console.log("pack: the same clusters in order");
  await inOrder(files, clusters);
}

/** Returns the length of a cluster without what follows in its last sector. */
function frameLength(
  image: SyncByteSource,
  { offset, length }: Packed,
): number {
  const bytes = new Uint8Array(length);
  image.readIntoSync(bytes, offset);
  for (let end = length; end > length - SECTOR; end--) {
    try {
      // The next cluster may be whole in the last sector, too.
      const unpacked = zstdDecompressSync(bytes.subarray(0, end));
      if (unpacked.length === CLUSTER) return end;
    } catch {
      // Decoders refuse other bytes after a frame.
    }
  }
  return length;
}

async function packedClusters(path: string): Promise<Packed[]> {
  using image = openFileSource(path);
  using disk = await openQcow2(image);
  const found: Packed[] = [];
  for (let at = 0; at < disk.byteLength;) {
    const extent = await disk.extent(at, disk.byteLength - at);
    if (extent.kind === "compressed") {
      found.push({ at, offset: extent.offset, length: extent.packedLength });
    }
    at += extent.length;
  }
  return found.map((it) => ({ ...it, length: frameLength(image, it) }));
}

/** Returns a function that reads and unpacks a cluster without the library. */
function bareReader(file: number): (cluster: Packed) => Uint8Array {
  const packed = new Uint8Array(2 * CLUSTER);
  const options = { maxOutputLength: CLUSTER, chunkSize: CLUSTER };
  return ({ offset, length }) => {
    const frame = packed.subarray(0, length);
    readSync(file, frame, 0, length, offset);
    return zstdDecompressSync(frame, options);
  };
}

/** Each page is in another cluster, none of which is kept. */
async function firstPages(
  { image: path }: Files,
  clusters: readonly Packed[],
): Promise<void> {
  const random = randomNumbers(1);
  const order = clusters.map((it) => ({ it, key: random() }))
    .toSorted((a, b) => a.key - b.key).map(({ it }) => it);
  const file = openSync(path, "r");
  using image = openFileSource(path);
  using disk = openQcow2Sync(image, { maxBytes: 2 * CLUSTER });
  const bare = bareReader(file);
  const target = new Uint8Array(PAGE_SIZE);
  const perPage = async (read: (cluster: Packed) => unknown) =>
    await millisecondsOf(() => {
      for (const it of order) read(it);
    }) * 1000 / order.length;
  printResults(
    await interleave([
      { name: "readSync and zstdDecompressSync", measure: () => perPage(bare) },
      {
        name: "first page of a cluster",
        goal: { of: "ratio", atMost: 1.5 },
        measure: () => perPage(({ at }) => disk.readIntoSync(target, at)),
      },
    ], ROUNDS),
    "µs",
  );
  closeSync(file);
}

/** The clusters of all pages are kept. */
async function otherPages(
  { plain, image: path }: Files,
  clusters: readonly Packed[],
): Promise<void> {
  using file = openFileSource(plain);
  using image = openFileSource(path);
  using disk = openQcow2Sync(image);
  const random = randomNumbers(2);
  const offsets = Array.from({ length: READS }, () => {
    const { at } = clusters[Math.floor(random() * KEPT)];
    return at + Math.floor(random() * CLUSTER / PAGE_SIZE) * PAGE_SIZE;
  });
  const target = new Uint8Array(PAGE_SIZE);
  const perPage = async (read: (offset: number) => void) =>
    await millisecondsOf(() => {
      for (const it of offsets) read(it);
    }) * 1000 / READS;
  printResults(
    await interleave([
      {
        name: "a page of the plain file",
        measure: () => perPage((at) => file.readIntoSync(target, at)),
      },
      {
        name: "another page of a cluster",
        goal: { of: "ratio", atMost: 2 },
        measure: () => perPage((at) => disk.readIntoSync(target, at)),
      },
    ], ROUNDS),
    "µs",
  );
}

async function inOrder(
  { image: path }: Files,
  clusters: readonly Packed[],
): Promise<void> {
  const file = openSync(path, "r");
  using image = openFileSource(path);
  const bare = bareReader(file);
  const target = new Uint8Array(PIECE);
  const megabytes = clusters.length * CLUSTER / 1e6;
  const rate = async (work: () => void) =>
    megabytes / await millisecondsOf(work) * 1000;
  printResults(
    await interleave([
      {
        name: "readSync and zstdDecompressSync",
        measure: () => rate(() => clusters.forEach(bare)),
      },
      {
        name: "readIntoSync of 1 MiB each, the whole disk",
        goal: { of: "ratio", atLeast: 0.6 },
        measure: () =>
          rate(() => {
            using disk = openQcow2Sync(image);
            const { byteLength } = disk;
            for (let at = 0; at < byteLength; at += PIECE) {
              const length = Math.min(PIECE, byteLength - at);
              disk.readIntoSync(target.subarray(0, length), at);
            }
          }),
      },
    ], ROUNDS),
    "MB/s",
  );
  closeSync(file);
}
