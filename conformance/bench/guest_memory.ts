import {
  type ByteSource,
  createFileSink,
  createSnapshot,
  saveSnapshot,
} from "../../mod.ts";

/** Size of the pages of all snapshots that are measured. */
export const PAGE_SIZE = 4096;

/** Makes a generator of numbers in [0, 1), the same ones in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Chooses the pages that are present: runs of random length, 32 pages on
 * average, that cover the given share of all pages.
 */
export function presentPages(pageCount: number, share: number): Uint8Array {
  const pages = new Uint8Array(pageCount);
  const random = randomNumbers(7);
  let present = share === 1;
  for (let first = 0; first < pageCount;) {
    const average = present ? 32 : 32 * (1 - share) / share;
    const length = share === 1
      ? pageCount
      : 1 + Math.floor(random() * 2 * average);
    if (present) pages.fill(1, first, first + length);
    present = !present;
    first += length;
  }
  return pages;
}

/** Makes memory in which those pages hold data and the others are zero. */
function guestMemory(present: Uint8Array): ByteSource {
  return {
    name: "memory",
    byteLength: present.length * PAGE_SIZE,
    readInto(target: Uint8Array, offset: number): Promise<void> {
      for (let at = 0; at < target.length; at += PAGE_SIZE) {
        const page = (offset + at) / PAGE_SIZE;
        const byte = present[page] === 1 ? 1 + page % 255 : 0;
        target.fill(byte, at, at + PAGE_SIZE);
      }
      return Promise.resolve();
    },
  };
}

/** Saves a guest with one RAMBlock, "ram". */
export async function saveGuest(
  path: string,
  present: Uint8Array,
): Promise<void> {
  const ram = { idstr: "ram", source: guestMemory(present) };
  await saveSnapshot(createFileSink(path), [ram]);
}

/** Saves a guest of any size with only these pages, in a sparse file. */
export async function saveSparseGuest(
  path: string,
  usedLength: number,
  pages: readonly number[],
): Promise<void> {
  const writer = await createSnapshot(createFileSink(path), [
    { idstr: "ram", usedLength },
  ]);
  const bytes = new Uint8Array(PAGE_SIZE).fill(1);
  for (const page of pages) await writer.block("ram").writePage(page, bytes);
  await writer.finish();
}
