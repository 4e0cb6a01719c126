import { closeSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import {
  cachedSource,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
} from "../../mod.ts";
import type { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { PAGE_SIZE, randomNumbers, saveSparseGuest } from "./guest_memory.ts";
import { millisecondsOf } from "./rounds.ts";
import { printRows } from "./table.ts";

const TIB_PAGES = 2 ** 28;

/**
 * Measures 1 TiB of RAM with 4 GiB of present pages in random places, most of
 * them holes.
 */
export async function benchHttpTerabyte(
  scratch: ScratchDirectory,
  url: string,
): Promise<void> {
  const random = randomNumbers(11);
  const page = () => Math.floor(random() * TIB_PAGES);
  const stored = Array.from({ length: 5000 }, page);
  const path = scratch.file("terabyte");
  await saveSparseGuest(path, TIB_PAGES * PAGE_SIZE, stored);
  setRandomBits(path, 2 ** 20, page);
  const requested = [...stored, ...Array.from({ length: 5000 }, page)];
  const before = process.memoryUsage().rss;
  const source = await openHttpSource(url);
  const cached = cachedSource(source, { maxBytes: 0x1000000 });
  const snapshot = await openSnapshot(cached);
  const block = snapshot.block("ram");
  let present = 0;
  let wrong = 0;
  let peakMemory = 0;
  const took = await millisecondsOf(async () => {
    const lanes = Array.from({ length: 16 }, (_, lane) => lane);
    await Promise.all(lanes.map(async (lane) => {
      const buffer = new Uint8Array(PAGE_SIZE);
      for (let at = lane; at < requested.length; at += lanes.length) {
        if (await block.readPageInto(buffer, requested[at])) present++;
        if (at < stored.length && buffer[0] !== 1) wrong++;
        peakMemory = Math.max(peakMemory, process.memoryUsage().rss);
      }
    }));
  });
  const { requests, bytes } = cached.statistics;
  printRows([
    [
      "1 TiB, 10,000 pages",
      "present",
      "wrong",
      "requests",
      "MB",
      "s",
      "memory",
    ],
    [
      "",
      String(present),
      String(wrong),
      String(requests),
      (bytes / 1e6).toFixed(0),
      (took / 1000).toFixed(1),
      `+${(Math.max(0, peakMemory - before) / 1e6).toFixed(0)} MB (goal < 60)`,
    ],
  ]);
}

/** Sets bits of pages whose bytes are a hole, so that they read as zeros. */
function setRandomBits(path: string, count: number, page: () => number): void {
  using source = openFileSource(path);
  const { bitmapOffset } = openSnapshotSync(source).block("ram");
  const bitmap = new Uint8Array(TIB_PAGES / 8);
  source.readIntoSync(bitmap, bitmapOffset);
  for (let set = 0; set < count; set++) {
    const index = page();
    bitmap[index >> 3] |= 1 << (index & 7);
  }
  const fd = openSync(path, "r+");
  for (let done = 0; done < bitmap.length;) {
    done += writeSync(
      fd,
      bitmap,
      done,
      bitmap.length - done,
      bitmapOffset + done,
    );
  }
  closeSync(fd);
}
