import type { RAMBlock } from "../../reading/mod.ts";

/** The number of stored pages of a RAMBlock, cell by cell. */
export interface BlockCensus {
  /** The block. */
  readonly block: RAMBlock;
  /** Pages that the file holds. */
  readonly presentPages: number;
  /** The same for each cell of equally many pages; the last may be shorter. */
  readonly cells: Uint32Array;
}

/** Counts the stored pages; reads the bitmap, but no page. */
export async function countPages(
  block: RAMBlock,
  pagesPerCell: number,
  signal: AbortSignal,
): Promise<BlockCensus> {
  const cells = new Uint32Array(Math.ceil(block.pageCount / pagesPerCell));
  let presentPages = 0;
  if (block.ignored) return { block, presentPages, cells };
  for await (const { first, end } of block.presentRuns({ signal })) {
    presentPages += end - first;
    for (let page = first; page < end;) {
      const cell = Math.floor(page / pagesPerCell);
      const cellEnd = Math.min(end, (cell + 1) * pagesPerCell);
      cells[cell] += cellEnd - page;
      page = cellEnd;
    }
  }
  return { block, presentPages, cells };
}
