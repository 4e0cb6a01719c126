import { openSnapshot } from "../reading/mod.ts";
import { type SaveSummary, summaryOf } from "../saving/mod.ts";
import type { MappedRamRecorder } from "./mapped_ram_recorder.ts";

/** Returns the summary of what a recorder has written, after its `finish`. */
export async function recordedSummary(
  recorder: MappedRamRecorder,
): Promise<SaveSummary> {
  const { byteLength } = recorder;
  // A file that cannot be read back must not be reported as a snapshot.
  using written = recorder.reader.open();
  await (await openSnapshot(written)).deviceState();
  return { byteLength, blocks: await summaryOf(recorder.blocks) };
}
