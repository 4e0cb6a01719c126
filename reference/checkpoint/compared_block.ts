import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { sharedBitmap } from "../pages/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/** A RAMBlock of two snapshots, at the same place in both files. */
export interface ComparedBlock {
  /** The block of the new snapshot. */
  readonly block: RAMBlock;
  /** Its present pages, in shared memory. */
  readonly present: PageBitmap;
  /** The block of the base. */
  readonly base: RAMBlock;
  /** The present pages of that, in shared memory. */
  readonly inBase: PageBitmap;
}

/** Returns the RAMBlocks of two snapshots of the same layout. */
export async function comparedBlocks(
  snapshot: Snapshot,
  { base, signal }: ReadOptions & { readonly base: Snapshot },
): Promise<ComparedBlock[]> {
  const found: ComparedBlock[] = [];
  const presentPages = (block: RAMBlock) =>
    block.presentPages(sharedBitmap(block.pageCount), { signal });
  for (const block of snapshot.blocks) {
    if (block.ignored) continue;
    const other = base.block(block.idstr);
    found.push({
      block,
      present: await presentPages(block),
      base: other,
      inBase: await presentPages(other),
    });
  }
  return found;
}
