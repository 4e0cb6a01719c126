import type { MemoryBlock, MemoryImage } from "../convert/mod.ts";
import { memorySource } from "../sources/mod.ts";

const PAGE = 4096;

/** Returns a RAMBlock of bytes in memory; zero pages are not present. */
export function memoryBlock(idstr: string, bytes: Uint8Array): MemoryBlock {
  const source = memorySource(bytes, { name: idstr });
  return {
    idstr,
    name: idstr,
    pageSize: PAGE,
    usedLength: bytes.length,
    byteLength: bytes.length,
    readInto: (target, offset) => source.readInto(target, offset),
    async *presentRuns({ first = 0, end = bytes.length / PAGE } = {}) {
      for (let page = first; page < end; page++) {
        const bytesOfPage = bytes.subarray(page * PAGE, (page + 1) * PAGE);
        if (bytesOfPage.some((it) => it !== 0)) {
          yield { first: page, end: page + 1 };
        }
      }
    },
  };
}

/** Returns a block of a given length whose reads reject. */
export function emptyBlock(idstr: string, usedLength: number): MemoryBlock {
  return {
    idstr,
    name: idstr,
    pageSize: PAGE,
    usedLength,
    byteLength: usedLength,
    readInto: () => Promise.reject(new Error("an empty block was read")),
    async *presentRuns() {},
  };
}

/** Returns an image of blocks, without device state. */
export function memoryImage(
  machine: string,
  blocks: readonly MemoryBlock[],
): MemoryImage {
  return { name: "image", machine, blocks };
}
