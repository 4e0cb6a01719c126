import { writeSequential } from "../../convert/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { createOutput } from "../output/output_file.ts";
import type { Converted, ConvertJob } from "./conversion.ts";

/** Writes a mapped-ram file as a sequential migration stream. */
export async function toSequential(job: ConvertJob): Promise<Converted> {
  const { input, out, output, options, onProgress } = job;
  const snapshot = await openSnapshot(input.source, options);
  await writeSequential(snapshot, createOutput(out, output), {
    ...options,
    onProgress,
  });
  return { files: [out], facts: {}, remarks: {} };
}
