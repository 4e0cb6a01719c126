import { convertPacked, convertSequential } from "../../convert/mod.ts";
import { createOutput } from "../output/output_file.ts";
import type { Converted, ConvertJob } from "./conversion.ts";

/** Converts a sequential migration stream to mapped-ram, in one pass. */
export async function streamToMapped(job: ConvertJob): Promise<Converted> {
  const { input: { source, offset }, out, output, onProgress } = job;
  const facts = await convertSequential(source, createOutput(out, output), {
    ...job.options,
    offset,
    onProgress,
  });
  return { files: [out], facts, remarks: {} };
}

/** Converts a libvirt save image with a packed stream, while unpacking it. */
export async function packedToMapped(job: ConvertJob): Promise<Converted> {
  const { input: { source, libvirt: header }, out, output, onProgress } = job;
  if (header === undefined) throw new TypeError(`${source.name} has no header`);
  const facts = await convertPacked(source, createOutput(out, output), {
    ...job.options,
    header,
    onProgress,
  });
  return { files: [out], facts, remarks: {} };
}
