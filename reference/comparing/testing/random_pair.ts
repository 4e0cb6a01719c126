import { openSnapshotSync } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { savedFile } from "../../testing/saved_file.ts";

/** Returns integers from 0 to `limit` - 1. */
export type Random = (limit: number) => number;

/** Files of two snapshots of one machine, which differ in some pages. */
export interface RandomPair {
  readonly a: Uint8Array<ArrayBuffer>;
  readonly b: Uint8Array<ArrayBuffer>;
}

/**
 * Makes two snapshots whose pages are the same, changed, or zero in one of them.
 * Some zero pages are in a file, and some clear bits have other bytes in their
 * places. A block may be longer in one, or be in one only.
 */
export async function randomPair(random: Random): Promise<RandomPair> {
  const pageSize = [1024, 4096, 16384][random(3)];
  const memories = Array.from({ length: 2 }, () => ({}) as Memory);
  for (let block = 0; block < 1 + random(3); block++) {
    const length = (1 + random(300)) * pageSize;
    const bytes = memoryBytes(length, { random, pageSize });
    const other = changed(bytes, { random, pageSize });
    const cut = random(4) === 0 ? random(length / pageSize) * pageSize : 0;
    if (random(5) > 0) memories[0][`block${block}`] = bytes;
    if (random(5) > 0 && cut < length) {
      memories[1][`block${block}`] = other.subarray(0, length - cut);
    }
  }
  const [a, b] = await Promise.all(memories.map(async (memory) => {
    memory.last = new Uint8Array(pageSize);
    const file = await savedFile(memory, { pageSize });
    moveBits(file, random);
    return file;
  }));
  return { a, b };
}

type Memory = Record<string, Uint8Array>;

/** How memory is made. */
interface Making {
  readonly random: Random;
  readonly pageSize: number;
}

function memoryBytes(length: number, { random, pageSize }: Making): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const run = Math.min(length - at, (1 + random(20)) * pageSize);
    const isData = random(3) > 0;
    for (const end = at + run; at < end; at += pageSize) {
      if (isData) bytes[at + random(pageSize)] = 1 + random(255);
    }
  }
  return bytes;
}

function changed(
  bytes: Uint8Array,
  { random, pageSize }: Making,
): Uint8Array {
  const other = bytes.slice();
  for (let count = random(60); count > 0; count--) {
    const page = random(bytes.length / pageSize) * pageSize;
    const kind = random(3);
    if (kind === 0) other.fill(0, page, page + pageSize);
    else other[page + random(pageSize)] ^= 1 + random(255);
  }
  return other;
}

/** Sets bits of zero pages, and clears bits: the bytes stay where they are. */
function moveBits(file: Uint8Array, random: Random): void {
  for (const block of openSnapshotSync(memorySource(file)).blocks) {
    const { bitmapOffset, pageCount } = block;
    for (let count = random(12); count > 0; count--) {
      const page = random(pageCount);
      if (!block.hasPageSync(page)) {
        const at = bitmapOffset + (page >> 3);
        file[at] |= 1 << (page & 7);
      } else if (random(3) === 0) {
        file[bitmapOffset + (page >> 3)] &= ~(1 << (page & 7));
      }
    }
  }
}
