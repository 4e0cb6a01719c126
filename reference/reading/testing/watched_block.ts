import { savedFile, testMemory } from "../../testing/saved_file.ts";
import { WatchedSource } from "../../testing/watched_source.ts";
import { openSnapshotSync } from "../open_snapshot.ts";
import type { SyncRAMBlock } from "../sync_ram_block.ts";

/** Bytes of a page. */
export const PAGE = 4096;
/** Pages 1, 2, 4 and 7 to 11 of 12. */
export const PRESENT: readonly number[] = [1, 2, 4, 7, 8, 9, 10, 11];
/** The memory of a RAMBlock with these pages. */
export const MEMORY = testMemory(12, PRESENT);
/** A snapshot of it, whose block is `ram`. */
export const FILE = await savedFile({ ram: MEMORY });

/** Opens the block over a new source; its bits are read, no reads recorded. */
export async function openWatchedBlock(): Promise<
  { source: WatchedSource; block: SyncRAMBlock }
> {
  const source = new WatchedSource(FILE);
  const block = openSnapshotSync(source).block("ram");
  await block.hasPage(0);
  source.ranges.length = 0;
  return { source, block };
}
