import type { RAMBlockWriter } from "./ram_block_writer.ts";
import type { SaveSummary } from "./save_options.ts";

/** Each RAMBlock with how many of its pages are stored. */
export function summaryOf(
  blocks: readonly RAMBlockWriter[],
): Promise<SaveSummary["blocks"]> {
  return Promise.all(blocks.map(async (block) => ({
    idstr: block.idstr,
    pageCount: block.pageCount,
    presentCount: await block.presentCount(),
  })));
}
