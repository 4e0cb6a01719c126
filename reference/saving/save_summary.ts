import { openSnapshot } from "../reading/mod.ts";
import type { MappedRamRecorder } from "./mapped_ram_recorder.ts";
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

/** What was written, once the recorder has finished. */
export async function recordedSummary(
  recorder: MappedRamRecorder,
): Promise<SaveSummary> {
  const { byteLength } = recorder;
  // What cannot be read again is not handed out as a snapshot.
  using written = recorder.reader.open();
  await (await openSnapshot(written)).deviceState();
  return { byteLength, blocks: await summaryOf(recorder.blocks) };
}
