import { writeSequential } from "../../convert/mod.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { createOutput } from "../output/output_file.ts";
import type { Converted, ConvertJob } from "./conversion.ts";

/** Writes a mapped-ram file as a sequential migration stream. */
export async function toSequential(job: ConvertJob): Promise<Converted> {
  const { input, out, output, options, onProgress } = job;
  const snapshot = await openSnapshotFile(input.source, {
    ...options,
    disk: input.source,
  });
  await writeSequential(snapshot, createOutput(out, output), {
    ...options,
    onProgress,
  });
  return { files: [out], facts: {}, remarks: {} };
}
