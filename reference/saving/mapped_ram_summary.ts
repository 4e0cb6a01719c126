import { openSnapshot } from "../reading/mod.ts";
import type { MappedRamRecorder } from "./mapped_ram_recorder.ts";
import type { SaveSummary } from "./save_options.ts";

/** What was written, once the recorder has finished. */
export async function summaryOf(
  recorder: MappedRamRecorder,
): Promise<SaveSummary> {
  const { byteLength } = recorder;
  // What cannot be read again is not handed out as a snapshot.
  using written = recorder.reader.open();
  await (await openSnapshot(written)).deviceState();
  return {
    byteLength,
    blocks: await Promise.all(recorder.blocks.map(async (block) => ({
      idstr: block.idstr,
      pageCount: block.pageCount,
      presentCount: await block.presentCount(),
    }))),
  };
}
