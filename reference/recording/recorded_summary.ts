import { openSnapshot } from "../reading/mod.ts";
import { type SaveSummary, summaryOf } from "../saving/mod.ts";
import type { MappedRamRecorder } from "./mapped_ram_recorder.ts";

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
